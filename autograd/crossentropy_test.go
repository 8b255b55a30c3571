package autograd

import (
	"fmt"
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Loss and gradient of several blocks of rows against the formula in float64.
func TestCrossEntropyBlocks(t *testing.T) {
	const n, classes = 50, 1000
	x := tensor.Normal(tensor.NewStream(1, "x"), n, classes)
	x.NeedGrad = true
	labels := make([]int32, n)
	for i := range labels {
		labels[i] = int32(i * 13 % classes)
	}
	workers := parallel.New(2)
	defer workers.Close()
	tape := NewTape(workers)
	y := CrossEntropy(tape, x, labels)
	tape.Backward(y)
	loss := 0.0
	for i, label := range labels {
		sum := 0.0
		for _, v := range x.Data[i*classes:][:classes] {
			sum += math.Exp(float64(v))
		}
		loss += (math.Log(sum) - float64(x.Data[i*classes+int(label)])) / n
		for j, v := range x.Data[i*classes:][:classes] {
			want := math.Exp(float64(v)) / sum / n
			if j == int(label) {
				want -= 1.0 / n
			}
			if e := math.Abs(float64(x.Grad[i*classes+j]) - want); !(e <= 1e-7) {
				t.Fatalf("sample %d, class %d: gradient %g, want %g", i, j, x.Grad[i*classes+j], want)
			}
		}
	}
	if e := math.Abs(float64(y.Data[0]) - loss); !(e <= 1e-6*loss) {
		t.Errorf("loss %g, want %g", y.Data[0], loss)
	}
}

func BenchmarkCrossEntropy(b *testing.B) {
	workers := parallel.New(0)
	defer workers.Close()
	for _, size := range [][2]int{{256, 10}, {256, 1000}} {
		b.Run(fmt.Sprintf("n=%d/classes=%d", size[0], size[1]), func(b *testing.B) {
			x := tensor.Normal(tensor.NewStream(1, "x"), size[0], size[1])
			x.NeedGrad = true
			labels := make([]int32, size[0])
			tape := NewTape(workers)
			for b.Loop() {
				tape.Reset()
				tape.Backward(CrossEntropy(tape, x, labels))
				x.Grad = nil
			}
		})
	}
}

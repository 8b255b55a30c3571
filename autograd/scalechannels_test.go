package autograd

import (
	"fmt"
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Images of several blocks, and channels that fill vectors or do not, against
// the formulas in float64.
func TestScaleChannels(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, level := range cpu.Levels() {
		for _, shape := range [][4]int{{3, 2, 2, 1}, {2, 70, 61, 3}, {2, 41, 40, 24}, {2, 33, 31, 16}, {1, 57, 56, 40}, {4, 1, 1, 96}} {
			t.Run(fmt.Sprint(level, shape), func(t *testing.T) {
				defer cpu.Force(level)()
				n, size, c := shape[0], shape[1]*shape[2], shape[3]
				x := tensor.Normal(tensor.NewStream(1, "x"), shape[:]...)
				s := tensor.Normal(tensor.NewStream(2, "s"), n, 1, 1, c)
				g := tensor.Normal(tensor.NewStream(3, "g"), c, 1, 1)
				dy := tensor.Normal(tensor.NewStream(4, "dy"), shape[:]...).Data
				for _, p := range []*tensor.Tensor{x, s, g} {
					p.NeedGrad = true
				}
				tape := NewTape(workers)
				y := ScaleChannels(tape, x, s)
				tape.BackwardFrom(y, dy)
				checkScaling(t, x.Data, s.Data, dy, y.Data, x.Grad, s.Grad, n, size, c)
				x.Grad = nil
				y = LayerScale(tape, x, g)
				tape.BackwardFrom(y, dy)
				checkScaling(t, x.Data, g.Data, dy, y.Data, x.Grad, g.Grad, 1, n*size, c)
			})
		}
	}
}

func checkScaling(t *testing.T, x, s, dy, y, dx, ds []float32, n, size, c int) {
	t.Helper()
	for i := range n {
		for j := range c {
			sum, terms := 0.0, 0.0
			for k := range size {
				at := (i*size+k)*c + j
				if y[at] != x[at]*s[i*c+j] || dx[at] != dy[at]*s[i*c+j] {
					t.Fatalf("element %d became %v with the gradient %v, want %v and %v", at, y[at], dx[at], x[at]*s[i*c+j], dy[at]*s[i*c+j])
				}
				term := float64(dy[at]) * float64(x[at])
				sum += term
				terms += math.Abs(term)
			}
			if got := float64(ds[i*c+j]); !(math.Abs(got-sum) <= float64(size)*0x1p-24*terms) {
				t.Fatalf("gradient %d, %d is %v, want %v", i, j, got, sum)
			}
		}
	}
}

// The gradient of a parameter is added to what it holds, and survives the tape.
func TestLayerScaleAddsGradients(t *testing.T) {
	x, g := tensor.From([]float32{1, 2, 3, 4}, 2, 2), tensor.From([]float32{5, 6}, 2, 1, 1)
	x.NeedGrad, g.NeedGrad = true, true
	tape := NewTape(nil)
	for range 2 {
		tape.Reset()
		x.Grad = nil
		tape.BackwardFrom(LayerScale(tape, x, g), []float32{1, 1, 1, 10})
	}
	tape.Reset()
	tape.Arena().Floats(2)[0] = 7
	if g.Grad[0] != 2*(1+3) || g.Grad[1] != 2*(2+40) {
		t.Errorf("gradients %v, want 8 and 84", g.Grad)
	}
}

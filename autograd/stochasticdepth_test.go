package autograd

import (
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/tensor"
)

// Whole samples are dropped, the others scaled; gradients go the same way.
func TestStochasticDepth(t *testing.T) {
	const n, size = 400, 300
	for _, p := range []float32{0.2, 0.5, 1} {
		x, dy := tensor.Normal(tensor.NewStream(1, "x"), n, 10, 10, 3), tensor.Normal(tensor.NewStream(2, "dy"), n, 10, 10, 3).Data
		x.Data[5] = float32(math.NaN()) // a dropped sample is zero all the same
		x.NeedGrad = true
		tape := NewTape(nil)
		y := StochasticDepth(tape, x, p, tensor.NewStream(3, "depth"))
		tape.BackwardFrom(y, dy)
		draws, dropped := tensor.NewStream(3, "depth"), 0
		for i := range n {
			factor := 1 / (1 - p)
			if draws.Float32() < p {
				factor = 0
				dropped++
			}
			for k := i * size; k < (i+1)*size; k++ {
				want, grad := x.Data[k]*factor, dy[k]*factor
				if factor == 0 {
					want = 0
				}
				if y.Data[k] != want && !(want != want) || x.Grad[k] != grad {
					t.Fatalf("p=%v: element %d became %v, want %v, with the gradient %v, want %v", p, k, y.Data[k], want, x.Grad[k], grad)
				}
			}
		}
		if mean := float64(p) * n; math.Abs(float64(dropped)-mean) > 5*math.Sqrt(mean*float64(1-p)) {
			t.Errorf("p=%v: %d of %d samples dropped", p, dropped, n)
		}
	}
	x := tensor.New(2, 3)
	if y := StochasticDepth(Untaped(), x, 0, tensor.NewStream(1, "")); y != x {
		t.Error("p=0: not the same tensor")
	}
}

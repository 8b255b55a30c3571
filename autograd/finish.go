package autograd

import (
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/tensor"
)

// Finish returns what a product must do on its way to memory to compute the
// batch norm of its result in evaluation, other added to it unless nil, and the
// function f behind. A curved function is left to do: FinishRest does it.
func (n Norm) Finish(t *Tape, f Then, other *tensor.Tensor) *gemm.Finish {
	c := len(n.Weight.Data)
	then := &gemm.Finish{Scale: t.arena.Floats(c), Shift: t.arena.Floats(c), Other: other.Values()}
	n.reciprocalRoots(then.Scale, n.Var.Data)
	n.factors(then.Scale, then.Shift, n.Mean.Data, then.Scale)
	then.Floor, then.Ceil = f.limits()
	return then
}

// FinishRest computes f of a finished product, in place, where the product has
// not done it.
func FinishRest(t *Tape, y *tensor.Tensor, f Then) *tensor.Tensor {
	if f.curved() {
		blocks(t, len(y.Data), rest{y.Data, f}, func(r *rest, lo, hi int) { r.f.value(r.y[lo:hi]) })
	}
	return y
}

type rest struct {
	y []float32
	f Then
}

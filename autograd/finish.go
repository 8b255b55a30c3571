package autograd

import (
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/moments"
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

// Measured returns what a product must do on its way to memory so that the batch
// norm of its result need not read it for its statistics in training, and the
// norm that uses them.
func (n Norm) Measured(t *Tape) (*gemm.Finish, Norm) {
	m := t.measuring()
	n.taken = &m.taken
	m.then.Moments = n.taken
	return &m.then, n
}

// A measuring is what a product does for a batch norm, and what it finds.
type measuring struct {
	then  gemm.Finish
	taken moments.Table
}

// measuring lends one until Reset.
func (t *Tape) measuring() *measuring {
	if t.measured == len(t.measurings) {
		t.measurings = append(t.measurings, new(measuring))
	}
	m := t.measurings[t.measured]
	t.measured++
	*m = measuring{}
	return m
}

// FinishRest computes f of a finished product, in place, where the product has
// not done it.
func FinishRest(t *Tape, y *tensor.Tensor, f Then) *tensor.Tensor {
	if f.curved() {
		blocks(t, len(y.Data), rest{y.Data, f}, func(r *rest, lo, hi int) { r.f.value(r.y[lo:hi], r.y[lo:hi], kernel.Caches) })
	}
	return y
}

type rest struct {
	y []float32
	f Then
}

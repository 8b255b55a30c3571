package autograd

import (
	"github.com/AlarioAI/bitnet/tensor"
)

// Add computes y = a + b, element by element, for tensors of one shape.
func Add(t *Tape, a, b *tensor.Tensor) *tensor.Tensor {
	if a.Shape != b.Shape {
		mismatch("Add", "two equal ones", a.Shape, b.Shape)
	}
	y := t.arena.Tensor(a.Shape)
	blocks(t, len(y.Data), arrays{y.Data, a.Data, b.Data}, addArrays)
	if t.Needs(a, b) {
		*Push[addOp](t, y) = addOp{a, b, y}
	}
	return y
}

// split adds d to the gradients of a and b, as one buffer that both hold.
func (t *Tape) split(a, b *tensor.Tensor, d []float32) {
	t.share(d)
	t.addOrRelease(a, d)
	t.addOrRelease(b, d)
}

type addOp struct{ a, b, y *tensor.Tensor }

// da = dy, db = dy.
func (o *addOp) Backward(t *Tape) {
	t.split(o.a, o.b, t.take(o.y))
}

package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Add computes y = a + b, element by element, for tensors of one shape.
func Add(t *Tape, a, b *tensor.Tensor) *tensor.Tensor {
	if a.Shape != b.Shape {
		mismatch("Add", "two equal ones", a.Shape, b.Shape)
	}
	y := t.arena.Tensor(a.Shape)
	t.Blocks(len(y.Data), func(lo, hi int) { kernel.Add(y.Data[lo:hi], a.Data[lo:hi], b.Data[lo:hi]) })
	if t.Needs(a, b) {
		*Push[addOp](t, y) = addOp{a, b, y}
	}
	return y
}

type addOp struct{ a, b, y *tensor.Tensor }

// da = dy, db = dy.
func (o *addOp) Backward(t *Tape) {
	for _, x := range [...]*tensor.Tensor{o.a, o.b} {
		if x.NeedGrad {
			dx := t.arena.Floats(len(o.y.Grad))
			copy(dx, o.y.Grad)
			t.AddGrad(x, dx)
		}
	}
}

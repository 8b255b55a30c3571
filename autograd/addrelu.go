package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// AddReLU computes y = max(a + b, 0), the end of a residual block (He et al.,
// arXiv 1512.03385), without keeping the sum.
func AddReLU(t *Tape, a, b *tensor.Tensor) *tensor.Tensor {
	if a.Shape != b.Shape {
		mismatch("AddReLU", "two equal ones", a.Shape, b.Shape)
	}
	y := t.arena.Tensor(a.Shape)
	t.Blocks(len(y.Data), func(lo, hi int) {
		sum := y.Data[lo:hi]
		kernel.Add(sum, a.Data[lo:hi], b.Data[lo:hi])
		kernel.ReLU(sum, sum)
	})
	if t.Needs(a, b) {
		*Push[addReLUOp](t, y) = addReLUOp{a, b, y}
	}
	return y
}

type addReLUOp struct{ a, b, y *tensor.Tensor }

// da = db = dy where y > 0, else 0.
func (o *addReLUOp) Backward(t *Tape) {
	for _, x := range [...]*tensor.Tensor{o.a, o.b} {
		if x.NeedGrad {
			dx := t.arena.Floats(len(o.y.Grad))
			t.Blocks(len(dx), func(lo, hi int) { kernel.ReLUGrad(dx[lo:hi], o.y.Grad[lo:hi], o.y.Data[lo:hi]) })
			t.AddGrad(x, dx)
		}
	}
}

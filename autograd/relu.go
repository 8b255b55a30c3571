package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// ReLU computes y = max(x, 0).
func ReLU(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	y := t.arena.Tensor(x.Shape)
	t.Blocks(len(x.Data), func(lo, hi int) { kernel.ReLU(y.Data[lo:hi], x.Data[lo:hi]) })
	if t.Needs(x) {
		*Push[reluOp](t, y) = reluOp{x, y}
	}
	return y
}

type reluOp struct{ x, y *tensor.Tensor }

// dx = dy where y > 0, else 0.
func (o *reluOp) Backward(t *Tape) {
	dx := t.arena.Floats(len(o.x.Data))
	t.Blocks(len(dx), func(lo, hi int) { kernel.ReLUGrad(dx[lo:hi], o.y.Grad[lo:hi], o.y.Data[lo:hi]) })
	t.AddGrad(o.x, dx)
}

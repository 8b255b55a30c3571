package autograd

import "github.com/AlarioAI/bitnet/tensor"

// Reshape returns x under another shape of the same length, without a copy.
func Reshape(t *Tape, x *tensor.Tensor, dims ...int) *tensor.Tensor {
	shape := tensor.Of(dims...)
	if shape.Len() != x.Shape.Len() {
		mismatch("Reshape", shape.String()+" or another shape of that length", x.Shape)
	}
	y := t.arena.View(x, shape)
	if t.Needs(x) {
		*Push[reshapeOp](t, y) = reshapeOp{x, y}
	}
	return y
}

type reshapeOp struct{ x, y *tensor.Tensor }

// dx = dy; its buffer is handed on.
func (o *reshapeOp) Backward(t *Tape) {
	dy := o.y.Grad
	o.y.Grad = nil
	t.AddGrad(o.x, dy)
}

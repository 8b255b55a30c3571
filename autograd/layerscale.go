package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// LayerScale multiplies the channels of x (..., C) by a parameter g of C
// values in any shape (Touvron et al., arXiv 2103.17239, equation 4):
//
//	y[...,c] = x[...,c] * g[c]
func LayerScale(t *Tape, x, g *tensor.Tensor) *tensor.Tensor {
	c := len(g.Data)
	if x.Shape.Rank() == 0 || c == 0 || x.Shape.Dim(-1) != c {
		mismatch("LayerScale", "(..., C) and C values", x.Shape, g.Shape)
	}
	o := newScaling(t, x, g, newStack(1, len(x.Data)/c, c))
	if t.Needs(x, g) {
		*Push[layerScale](t, o.y) = layerScale{o}
	}
	return o.y
}

type layerScale struct{ scaling }

func (o *layerScale) Backward(t *Tape) {
	dx, dg := o.gradients(t)
	if o.s.NeedGrad {
		kernel.Add(ParamGrad(o.s), ParamGrad(o.s), dg)
	}
	t.arena.Release(dg)
	t.addOrRelease(o.x, dx)
}

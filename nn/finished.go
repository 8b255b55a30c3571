package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/tensor"
)

// In evaluation, what follows a convolution needs no pass over memory of its
// own: the batch norm, a shortcut and the activation are computed as the product
// is stored. The bits are those of the layers one after the other. In training, the
// statistics of the batch are taken as the product is stored.

// A product is a layer that can finish its output on the way to memory.
type product interface {
	forwardThen(ctx *Context, x *tensor.Tensor, then *gemm.Finish) *tensor.Tensor
}

// finishes returns the product that a layer is, if its output may be finished
// on the way: nobody wants a gradient of it, or to hear of it.
func (c *Context) finishes(layer Layer) (product, bool) {
	p, ok := layer.(product)
	return p, ok && !c.Training && !c.Tape.Recording() && c.Trace == nil
}

// ForwardConv computes f(b(conv(x))).
func (b *BatchNorm2d) ForwardConv(ctx *Context, conv Layer, x *tensor.Tensor, f autograd.Then) *tensor.Tensor {
	p, ok := ctx.finishes(conv)
	if !ok {
		x, n := b.measured(ctx, conv, x)
		return b.forwardThen(ctx, x, n, f)
	}
	return autograd.FinishRest(ctx.Tape, p.forwardThen(ctx, x, b.norm().Finish(ctx.Tape, f, nil)), f)
}

// ForwardConvAddReLU ends a residual block: it computes
// max(b(conv(x)) + shortcut(in), 0).
func (b *BatchNorm2d) ForwardConvAddReLU(ctx *Context, conv Layer, x *tensor.Tensor, shortcut Sequence, in *tensor.Tensor) *tensor.Tensor {
	p, ok := ctx.finishes(conv)
	if !ok {
		x, n := b.measured(ctx, conv, x)
		return addReLU(ctx, ctx.note(b, x, 0), n, shortcut, in)
	}
	return p.forwardThen(ctx, x, b.norm().Finish(ctx.Tape, autograd.ThenReLU, shortcut.Forward(ctx, in)))
}

// addReLU computes max(n(x) + shortcut(in), 0) as one operation, together with a
// batch norm that ends the shortcut.
func addReLU(ctx *Context, x *tensor.Tensor, n autograd.Norm, shortcut Sequence, in *tensor.Tensor) *tensor.Tensor {
	if last := len(shortcut) - 1; last >= 0 {
		if end, ok := shortcut[last].(*BatchNorm2d); ok {
			r, rn := end.measured(ctx, shortcut[:last], in)
			return autograd.AddNorm(ctx.Tape, x, n, ctx.note(end, r, 0), &rn, ctx.Training, true)
		}
	}
	return autograd.AddNorm(ctx.Tape, x, n, shortcut.Forward(ctx, in), nil, ctx.Training, true)
}

// measured computes a layer before b, and returns its output and b's norm. In
// training a product takes the norm's statistics on the way to memory.
func (b *BatchNorm2d) measured(ctx *Context, layer Layer, x *tensor.Tensor) (*tensor.Tensor, autograd.Norm) {
	if s, ok := layer.(Sequence); ok && len(s) > 0 {
		last := len(s) - 1
		x, layer = s[:last].Forward(ctx, x), s[last]
	}
	p, ok := layer.(product)
	if !ok || !ctx.Training {
		return layer.Forward(ctx, x), b.norm()
	}
	then, n := b.norm().Measured(ctx.Tape)
	return p.forwardThen(ctx, x, then), n
}

package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/tensor"
)

// In evaluation, what follows a convolution needs no pass over memory of its
// own: the batch norm, a shortcut and the activation are computed as the product
// is stored. The bits are those of the layers one after the other.

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
		return b.forwardThen(ctx, conv.Forward(ctx, x), f)
	}
	return autograd.FinishRest(ctx.Tape, p.forwardThen(ctx, x, b.norm().Finish(ctx.Tape, f, nil)), f)
}

// ForwardConvAddReLU ends a residual block: it computes
// max(b(conv(x)) + shortcut(in), 0).
func (b *BatchNorm2d) ForwardConvAddReLU(ctx *Context, conv Layer, x *tensor.Tensor, shortcut Sequence, in *tensor.Tensor) *tensor.Tensor {
	p, ok := ctx.finishes(conv)
	if !ok {
		return b.forwardAddReLU(ctx, conv.Forward(ctx, x), shortcut, in)
	}
	return p.forwardThen(ctx, x, b.norm().Finish(ctx.Tape, autograd.ThenReLU, shortcut.Forward(ctx, in)))
}

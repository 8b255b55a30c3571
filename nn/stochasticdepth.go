package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// StochasticDepth drops samples with probability P in training, and does
// nothing in evaluation, as torchvision.ops.StochasticDepth(P, "row"); see
// autograd.StochasticDepth.
type StochasticDepth struct{ P float32 }

// Forward computes the layer.
func (d StochasticDepth) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	if !ctx.Training {
		return x
	}
	return autograd.StochasticDepth(ctx.Tape, x, d.P, ctx.stream("stochastic depth"))
}

// ForwardAdd computes r + d(x*g) as one operation, for scales g of the channels;
// a nil g stands for ones.
func (d StochasticDepth) ForwardAdd(ctx *Context, r, x, g *tensor.Tensor) *tensor.Tensor {
	if !ctx.Training {
		return autograd.AddScaled(ctx.Tape, r, x, g, 0, nil)
	}
	return autograd.AddScaled(ctx.Tape, r, x, g, d.P, ctx.stream("stochastic depth"))
}

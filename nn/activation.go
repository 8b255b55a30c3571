package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// ReLU is max(x, 0).
type ReLU struct{}

// Forward computes the layer.
func (ReLU) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.ReLU(ctx.Tape, x)
}

// ReLU6 is min(max(x, 0), 6).
type ReLU6 struct{}

// Forward computes the layer.
func (ReLU6) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.ReLU6(ctx.Tape, x)
}

// Sigmoid is 1/(1 + exp(-x)).
type Sigmoid struct{}

// Forward computes the layer.
func (Sigmoid) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Sigmoid(ctx.Tape, x)
}

// Hardsigmoid is min(max(x+3, 0), 6)/6.
type Hardsigmoid struct{}

// Forward computes the layer.
func (Hardsigmoid) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Hardsigmoid(ctx.Tape, x)
}

// SiLU is x/(1 + exp(-x)), also called swish.
type SiLU struct{}

// Forward computes the layer.
func (SiLU) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.SiLU(ctx.Tape, x)
}

// Hardswish is x*min(max(x+3, 0), 6)/6.
type Hardswish struct{}

// Forward computes the layer.
func (Hardswish) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Hardswish(ctx.Tape, x)
}

// GELU is x*P(x) with the distribution function P of the normal distribution,
// as torch.nn.GELU().
type GELU struct{}

// Forward computes the layer.
func (GELU) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.GELU(ctx.Tape, x)
}

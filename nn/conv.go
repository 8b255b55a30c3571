package nn

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Conv2d convolves images (N, H, W, C), as torch.nn.Conv2d does its NCHW ones.
type Conv2d struct {
	Weight   *tensor.Tensor // (O, KH, KW, C/Groups)
	Bias     *tensor.Tensor // (O), or nil
	Geometry autograd.Geometry
}

// NewConv2d returns a convolution from in to out channels. Options: Kernel,
// Stride, Pad, Dilation, Groups, NoBias, Init, Weights, Biases.
func NewConv2d(in, out int, opts ...Option) *Conv2d {
	o := collect(opts)
	g := o.geometry
	if in < 1 || out < 1 || g.Groups < 1 || in%g.Groups != 0 || out%g.Groups != 0 {
		panic(fmt.Sprintf("nn.NewConv2d: %d to %d channels in %d groups", in, out, g.Groups))
	}
	c := &Conv2d{Geometry: g}
	c.Weight, c.Bias = o.parameters(g.Kernel[0]*g.Kernel[1]*in/g.Groups, out, g.Kernel[0], g.Kernel[1], in/g.Groups)
	return c
}

// Forward computes the layer.
func (c *Conv2d) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return c.forwardThen(ctx, x, nil)
}

func (c *Conv2d) forwardThen(ctx *Context, x *tensor.Tensor, then *gemm.Finish) *tensor.Tensor {
	y := autograd.ConvThen(ctx.Tape, x, c.Weight, c.Bias, c.Geometry, then)
	return ctx.note(c, y, c.products(y))
}

// A BitConv2d is a Conv2d whose product is taken of codes; see quant.Conv for
// what each recipe computes.
type BitConv2d struct {
	Conv2d
	Recipe quant.Recipe
}

// NewBitConv2d is NewConv2d with a recipe.
func NewBitConv2d(recipe quant.Recipe, in, out int, opts ...Option) *BitConv2d {
	return &BitConv2d{*NewConv2d(in, out, opts...), recipe}
}

// Forward computes the layer.
func (c *BitConv2d) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return c.forwardThen(ctx, x, nil)
}

func (c *BitConv2d) forwardThen(ctx *Context, x *tensor.Tensor, then *gemm.Finish) *tensor.Tensor {
	y := c.Recipe.ConvThen(ctx.Tape, x, c.Weight, c.Bias, c.Geometry, then)
	return ctx.note(c, y, c.products(y))
}

// products returns the number of multiply-accumulates for an output.
func (c *Conv2d) products(y *tensor.Tensor) int { return y.Shape.Len() * fanIn(c.Weight) }

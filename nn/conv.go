package nn

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
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
// Stride, Pad, Dilation, Groups, NoBias, Init.
func NewConv2d(in, out int, opts ...Option) *Conv2d {
	o := collect(opts)
	g := o.geometry
	if in < 1 || out < 1 || g.Groups < 1 || in%g.Groups != 0 || out%g.Groups != 0 {
		panic(fmt.Sprintf("nn.NewConv2d: %d to %d channels in %d groups", in, out, g.Groups))
	}
	depth := in / g.Groups
	fanIn := g.Kernel[0] * g.Kernel[1] * depth
	c := &Conv2d{Geometry: g, Weight: kaiming(o.rng, fanIn, out, g.Kernel[0], g.Kernel[1], depth)}
	if o.bias {
		c.Bias = kaiming(o.rng, fanIn, out)
	}
	return c
}

// Forward computes the layer.
func (c *Conv2d) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Conv(ctx.Tape, x, c.Weight, c.Bias, c.Geometry)
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
	return c.Recipe.Conv(ctx.Tape, x, c.Weight, c.Bias, c.Geometry)
}

package nn

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Linear computes y = x W^T + bias for x (..., K), as torch.nn.Linear.
type Linear struct {
	Weight *tensor.Tensor // (O, K)
	Bias   *tensor.Tensor // (O), or nil
}

// NewLinear returns a linear layer from in to out features. Options: NoBias,
// Init, Weights, Biases.
func NewLinear(in, out int, opts ...Option) *Linear {
	if in < 1 || out < 1 {
		panic(fmt.Sprintf("nn.NewLinear: %d to %d features", in, out))
	}
	l := &Linear{}
	l.Weight, l.Bias = collect(opts).parameters(in, out, in)
	return l
}

// Forward computes the layer.
func (l *Linear) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return ctx.note(l, autograd.Linear(ctx.Tape, x, l.Weight, l.Bias), l.products(x))
}

// A BitLinear is a Linear whose product is taken of codes; see quant.Conv for
// what each recipe computes.
type BitLinear struct {
	Linear
	Recipe quant.Recipe
}

// NewBitLinear is NewLinear with a recipe.
func NewBitLinear(recipe quant.Recipe, in, out int, opts ...Option) *BitLinear {
	return &BitLinear{*NewLinear(in, out, opts...), recipe}
}

// Forward computes the layer.
func (l *BitLinear) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return ctx.note(l, l.Recipe.Linear(ctx.Tape, x, l.Weight, l.Bias), l.products(x))
}

// products returns the number of multiply-accumulates for an input.
func (l *Linear) products(x *tensor.Tensor) int { return x.Shape.Len() * l.Weight.Shape.Dim(0) }

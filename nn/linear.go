package nn

import (
	"fmt"
	"math"

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
// Init.
func NewLinear(in, out int, opts ...Option) *Linear {
	if in < 1 || out < 1 {
		panic(fmt.Sprintf("nn.NewLinear: %d to %d features", in, out))
	}
	o := collect(opts)
	l := &Linear{Weight: kaiming(o.rng, in, out, in)}
	if o.bias {
		l.Bias = kaiming(o.rng, in, out)
	}
	return l
}

// Forward computes the layer.
func (l *Linear) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Linear(ctx.Tape, x, l.Weight, l.Bias)
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
	return l.Recipe.Linear(ctx.Tape, x, l.Weight, l.Bias)
}

// kaiming returns a parameter drawn as PyTorch does for linear layers and
// convolutions: kaiming-uniform with a = sqrt(5) (He et al., arXiv
// 1502.01852), which for weights and for biases alike is
//
//	uniform in [-1/sqrt(fanIn), 1/sqrt(fanIn))
func kaiming(r *tensor.Stream, fanIn int, dims ...int) *tensor.Tensor {
	bound := float32(1 / math.Sqrt(float64(fanIn)))
	return parameter(tensor.Uniform(r, -bound, bound, dims...))
}

// parameter marks a tensor as trainable.
func parameter(t *tensor.Tensor) *tensor.Tensor {
	t.NeedGrad = true
	return t
}

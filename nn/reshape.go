package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// Identity returns its input. It stands in a Sequence for a layer of PyTorch's
// that has nothing to do here, such as a change between NCHW and NHWC.
type Identity struct{}

// Forward returns x.
func (Identity) Forward(_ *Context, x *tensor.Tensor) *tensor.Tensor { return x }

// Flatten turns images into rows in PyTorch's order; see autograd.Flatten.
type Flatten struct{}

// Forward computes the layer.
func (Flatten) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Flatten(ctx.Tape, x)
}

// Patches cuts images into square tokens; see autograd.Patches.
type Patches struct{ Size int }

// Forward computes the layer.
func (p Patches) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Patches(ctx.Tape, x, p.Size)
}

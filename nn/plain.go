package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// Softmax normalises the exponentials of the last axis.
type Softmax struct{}

// Forward computes the layer.
func (Softmax) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Softmax(ctx.Tape, x)
}

// Dropout drops elements with probability P in training, and does nothing in
// evaluation.
type Dropout struct{ P float32 }

// Forward computes the layer.
func (d Dropout) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	if !ctx.Training {
		return x
	}
	return autograd.Dropout(ctx.Tape, x, d.P, ctx.stream("dropout"))
}

// AvgPool2d computes means over windows; padding counts as zeros.
type AvgPool2d struct{ autograd.Window }

// NewAvgPool2d returns an average pooling. Options: Kernel, Stride, Pad.
func NewAvgPool2d(opts ...Option) AvgPool2d { return AvgPool2d{window(opts)} }

// Forward computes the layer.
func (p AvgPool2d) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.AvgPool(ctx.Tape, x, p.Window)
}

// MaxPool2d computes maxima over windows; padding never wins.
type MaxPool2d struct{ autograd.Window }

// NewMaxPool2d returns a max pooling. Options: Kernel, Stride, Pad.
func NewMaxPool2d(opts ...Option) MaxPool2d { return MaxPool2d{window(opts)} }

// Forward computes the layer.
func (p MaxPool2d) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.MaxPool(ctx.Tape, x, p.Window)
}

// AdaptiveAvgPool2d computes means over windows that give images of OH x OW
// pixels, as torch.nn.AdaptiveAvgPool2d; see autograd.AdaptiveAvgPool.
type AdaptiveAvgPool2d struct{ OH, OW int }

// Forward computes the layer.
func (p AdaptiveAvgPool2d) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.AdaptiveAvgPool(ctx.Tape, x, p.OH, p.OW)
}

// window makes a pooling window of options: as in PyTorch, the stride is the
// window's size unless it is set.
func window(opts []Option) autograd.Window {
	unset := [2]int{}
	o := collect(append([]Option{func(o *options) { o.geometry.Stride = unset }}, opts...))
	g := o.geometry
	if g.Stride == unset {
		g.Stride = g.Kernel
	}
	return autograd.Window{Kernel: g.Kernel, Stride: g.Stride, Padding: g.Padding}
}

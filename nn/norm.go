package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// A BatchNorm2d normalises each channel of images (N, H, W, C), as
// torch.nn.BatchNorm2d; see autograd.BatchNorm.
type BatchNorm2d struct {
	Weight, Bias            *tensor.Tensor // (C)
	RunningMean, RunningVar *tensor.Tensor `state:"buffer"` // (C)
	Momentum, Eps           float32
}

// NewBatchNorm2d returns a batch norm with PyTorch's defaults: weight 1, bias
// 0, momentum 0.1, eps 1e-5.
func NewBatchNorm2d(channels int) *BatchNorm2d {
	return &BatchNorm2d{
		Weight: ones(channels), Bias: parameter(tensor.New(channels)),
		RunningMean: tensor.New(channels), RunningVar: fill(tensor.New(channels), 1),
		Momentum: 0.1, Eps: 1e-5,
	}
}

// Forward computes the layer; in training it moves the running statistics.
func (b *BatchNorm2d) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return b.forwardThen(ctx, x, b.norm(), autograd.ThenNothing)
}

// forwardThen computes the layer, whose norm is n, and a function behind it as one
// operation.
func (b *BatchNorm2d) forwardThen(ctx *Context, x *tensor.Tensor, n autograd.Norm, f autograd.Then) *tensor.Tensor {
	return ctx.note(b, autograd.BatchNormThen(ctx.Tape, x, n, ctx.Training, f), 0)
}

// followed computes the layer, whose norm is n, and what behind it belongs to the
// same operation: an activation, and a 2x2 average pooling behind a ReLU. It returns
// the layers that are left.
func (b *BatchNorm2d) followed(ctx *Context, x *tensor.Tensor, n autograd.Norm, behind Sequence) (*tensor.Tensor, Sequence) {
	f, rest := behind.activation()
	if f == autograd.ThenReLU && len(rest) > 0 && halves(rest[0], x.Shape) {
		ctx.note(b, x, 0) // its own output has the shape of its input
		return autograd.BatchNormPool(ctx.Tape, x, n, ctx.Training), rest[1:]
	}
	return b.forwardThen(ctx, x, n, f), rest
}

func (b *BatchNorm2d) norm() autograd.Norm {
	return autograd.Norm{
		Weight: b.Weight, Bias: b.Bias,
		BatchStats: autograd.BatchStats{Mean: b.RunningMean, Var: b.RunningVar, Momentum: b.Momentum, Eps: b.Eps},
	}
}

// A LayerNorm normalises the last axis, as torch.nn.LayerNorm.
type LayerNorm struct {
	Weight, Bias *tensor.Tensor // (D)
	Eps          float32
}

// NewLayerNorm returns a layer norm over d values with PyTorch's defaults:
// weight 1, bias 0, eps 1e-5.
func NewLayerNorm(d int) *LayerNorm {
	return &LayerNorm{Weight: ones(d), Bias: parameter(tensor.New(d)), Eps: 1e-5}
}

// Forward computes the layer.
func (l *LayerNorm) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return ctx.note(l, autograd.LayerNorm(ctx.Tape, x, l.Weight, l.Bias, l.Eps), 0)
}

// An RMSNorm divides the last axis by its root mean square, as
// torch.nn.RMSNorm.
type RMSNorm struct {
	Weight *tensor.Tensor // (D)
	Eps    float32
}

// NewRMSNorm returns an RMS norm over d values with weight 1 and eps 1e-6.
func NewRMSNorm(d int) *RMSNorm { return &RMSNorm{Weight: ones(d), Eps: 1e-6} }

// Forward computes the layer.
func (l *RMSNorm) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	return ctx.note(l, autograd.RMSNorm(ctx.Tape, x, l.Weight, l.Eps), 0)
}

func ones(n int) *tensor.Tensor { return parameter(fill(tensor.New(n), 1)) }

func fill(t *tensor.Tensor, v float32) *tensor.Tensor {
	for i := range t.Data {
		t.Data[i] = v
	}
	return t
}

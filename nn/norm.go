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
	return b.forwardThen(ctx, x, autograd.ThenNothing)
}

// forwardThen computes the layer and a function behind it as one operation.
func (b *BatchNorm2d) forwardThen(ctx *Context, x *tensor.Tensor, f autograd.Then) *tensor.Tensor {
	return ctx.note(b, autograd.BatchNormThen(ctx.Tape, x, b.norm(), ctx.Training, f), 0)
}

// forwardAddReLU computes max(b(x) + shortcut(in), 0) as one operation, together
// with a batch norm that ends the shortcut.
func (b *BatchNorm2d) forwardAddReLU(ctx *Context, x *tensor.Tensor, shortcut Sequence, in *tensor.Tensor) *tensor.Tensor {
	ctx.note(b, x, 0)
	if last := len(shortcut) - 1; last >= 0 {
		if end, ok := shortcut[last].(*BatchNorm2d); ok {
			r, n := ctx.note(end, shortcut[:last].Forward(ctx, in), 0), end.norm()
			return autograd.AddNorm(ctx.Tape, x, b.norm(), r, &n, ctx.Training, true)
		}
	}
	return autograd.AddNorm(ctx.Tape, x, b.norm(), shortcut.Forward(ctx, in), nil, ctx.Training, true)
}

// ForwardPool computes the layer, max(., 0) and a 2x2 average pooling behind it as
// one operation; height and width must be even.
func (b *BatchNorm2d) ForwardPool(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	ctx.note(b, x, 0) // its own output has the shape of its input
	n := b.norm()
	return autograd.BatchNormPool(ctx.Tape, x, n.Weight, n.Bias, n.BatchStats, ctx.Training)
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

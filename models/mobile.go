package models

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

// What the networks of inverted residual blocks have in common: MobileNetV2,
// MobileNetV3 and EfficientNet.

// makeDivisible returns the multiple of 8 that is nearest to v, but not less
// than nine tenths of v.
func makeDivisible(v float64) int {
	const divisor = 8
	n := max(divisor, int(v+divisor/2)/divisor*divisor)
	if float64(n) < 0.9*v {
		n += divisor
	}
	return n
}

// A mobileBuilder makes the parts of one network.
type mobileBuilder struct {
	rng  *tensor.Stream
	norm func(channels int) *nn.BatchNorm2d
}

// conv returns a convolution without bias, its batch norm, and an activation
// unless that is nil. The padding keeps the size of the image, up to the stride.
func (b mobileBuilder) conv(in, out, kernel, stride, groups int, activation nn.Layer) nn.Sequence {
	s := nn.Sequence{
		nn.NewConv2d(in, out, nn.Kernel(kernel), nn.Stride(stride), nn.Pad((kernel-1)/2), nn.Groups(groups), nn.NoBias(),
			nn.Weights(nn.KaimingNormal()), nn.Init(b.rng)),
		b.norm(out),
	}
	if activation != nil {
		s = append(s, activation)
	}
	return s
}

// A mobileBlock describes an InvertedResidual.
type mobileBlock struct {
	in, expanded, out, kernel, stride int
	squeezed                          int // channels between squeeze and excitation; 0: none
	activation                        nn.Layer
	squeeze, gate                     nn.Layer // activations of the squeeze and excitation
	dropPath                          float64
}

// An InvertedResidual is the block of MobileNetV3 and EfficientNet, as in
// MobileNetV2 but with squeeze and excitation behind the middle convolution
// (Howard et al., arXiv 1905.02244, figure 4). Where input and output have the
// same shape the input is added; in training the rest is then dropped at random,
// a sample at a time.
type InvertedResidual struct {
	Block    nn.Sequence
	Residual bool
	DropPath nn.StochasticDepth
}

// Forward computes y = x + Block(x), or Block(x).
func (r *InvertedResidual) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	switch {
	case !r.Residual:
		return r.Block.Forward(ctx, x)
	case ctx.Training && r.DropPath.P > 0:
		return r.DropPath.ForwardAdd(ctx, x, r.Block.Forward(ctx, x), nil)
	}
	return r.Block.ForwardAdd(ctx, x, x)
}

func (b mobileBuilder) block(m mobileBlock) *InvertedResidual {
	r := &InvertedResidual{Residual: m.stride == 1 && m.in == m.out, DropPath: nn.StochasticDepth{P: float32(m.dropPath)}}
	if m.expanded != m.in {
		r.Block = append(r.Block, b.conv(m.in, m.expanded, 1, 1, 1, m.activation))
	}
	r.Block = append(r.Block, b.conv(m.expanded, m.expanded, m.kernel, m.stride, m.expanded, m.activation))
	if m.squeezed > 0 {
		r.Block = append(r.Block, b.squeezeExcitation(m.expanded, m.squeezed, m.squeeze, m.gate))
	}
	r.Block = append(r.Block, b.conv(m.expanded, m.out, 1, 1, 1, nil))
	return r
}

// A SqueezeExcitation scales the channels of an image by what the whole image
// says of them (Hu et al., arXiv 1709.01507):
//
//	y = x * Gate(FC2(Activation(FC1(mean of x over its pixels))))
type SqueezeExcitation struct {
	FC1, FC2         nn.Layer // 1x1 convolutions
	Activation, Gate nn.Layer
}

func (b mobileBuilder) squeezeExcitation(channels, squeezed int, activation, gate nn.Layer) *SqueezeExcitation {
	fc := func(in, out int) nn.Layer {
		return nn.NewConv2d(in, out, nn.Weights(nn.KaimingNormal()), nn.Biases(nn.Constant(0)), nn.Init(b.rng))
	}
	return &SqueezeExcitation{FC1: fc(channels, squeezed), FC2: fc(squeezed, channels), Activation: activation, Gate: gate}
}

// Forward computes the layer.
func (s *SqueezeExcitation) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	scale := s.FC1.Forward(ctx, autograd.AdaptiveAvgPool(ctx.Tape, x, 1, 1))
	scale = s.FC2.Forward(ctx, s.Activation.Forward(ctx, scale))
	return autograd.ScaleChannels(ctx.Tape, x, s.Gate.Forward(ctx, scale))
}

// mobileLinear is a classifier's layer in MobileNets.
func mobileLinear(rng *tensor.Stream, in, out int) nn.Layer {
	return nn.NewLinear(in, out, nn.Weights(nn.Normal(0.01)), nn.Biases(nn.Constant(0)), nn.Init(rng))
}

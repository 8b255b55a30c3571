package models

import (
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func mobileNetV2Entry() Entry {
	return Entry{
		Name: "mobilenet_v2", Origin: "torchvision.models.mobilenet_v2",
		About:   "inverted residuals and linear bottlenecks (Sandler et al., arXiv 1801.04381)",
		Default: imageNet(), features: []feature{hasWidth, hasDropout},
		signs: signs{head: "classifier.1.weight", first: "features.0.0.weight", infer: func(o *Options, first []int, shapes map[string][]int) {
			o.Channels = first[1]
			width := float64(first[0]) / 32
			if last := float64(shapes["classifier.1.weight"][1]) / 1280; last > 1 {
				width = last
			}
			if width != 1 {
				o.Width = width
			}
		}},
		build: func(o Options, rng *tensor.Stream) (nn.Layer, error) { return newMobileNetV2(o, rng), nil },
	}
}

// A MobileNetV2 is the network of Sandler et al., "MobileNetV2: Inverted
// Residuals and Linear Bottlenecks", arXiv 1801.04381, table 2.
type MobileNetV2 struct{ Features, Classifier nn.Sequence }

func newMobileNetV2(o Options, rng *tensor.Stream) *MobileNetV2 {
	b := mobileBuilder{rng, nn.NewBatchNorm2d}
	width := o.Width
	if width == 0 {
		width = 1
	}
	in, last := makeDivisible(32*width), makeDivisible(1280*max(1, width))
	net := &MobileNetV2{Features: nn.Sequence{b.conv(o.Channels, in, 3, 2, 1, nn.ReLU6{})}}
	for _, s := range []struct{ expand, out, blocks, stride int }{
		{1, 16, 1, 1},
		{6, 24, 2, 2},
		{6, 32, 3, 2},
		{6, 64, 4, 2},
		{6, 96, 3, 1},
		{6, 160, 3, 2},
		{6, 320, 1, 1},
	} {
		out := makeDivisible(float64(s.out) * width)
		for i := range s.blocks {
			stride := 1
			if i == 0 {
				stride = s.stride
			}
			net.Features = append(net.Features, b.mobileV2Block(in, out, s.expand, stride))
			in = out
		}
	}
	net.Features = append(net.Features, b.conv(in, last, 1, 1, 1, nn.ReLU6{}))
	net.Classifier = nn.Sequence{nn.Dropout{P: float32(o.Dropout.or(0.2))}, mobileLinear(rng, last, o.Classes)}
	return net
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (m *MobileNetV2) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return m.Classifier.Forward(ctx, globalPool(ctx, m.Features.Forward(ctx, x)))
}

// A MobileV2Block is an inverted residual (figure 3b): a 1x1 convolution that
// widens, unless expand is 1, one that takes each channel for itself, and a 1x1
// convolution that projects, with no activation behind it.
type MobileV2Block struct {
	Conv     nn.Sequence
	Residual bool
}

func (b mobileBuilder) mobileV2Block(in, out, expand, stride int) *MobileV2Block {
	hidden := in * expand
	block := &MobileV2Block{Residual: stride == 1 && in == out}
	if expand != 1 {
		block.Conv = append(block.Conv, b.conv(in, hidden, 1, 1, 1, nn.ReLU6{}))
	}
	block.Conv = append(block.Conv, b.conv(hidden, hidden, 3, stride, hidden, nn.ReLU6{}))
	block.Conv = append(block.Conv, b.conv(hidden, out, 1, 1, 1, nil)...)
	return block
}

// Forward computes y = x + Conv(x), or Conv(x) where the shapes differ.
func (b *MobileV2Block) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	if b.Residual {
		return b.Conv.ForwardAdd(ctx, x, x)
	}
	return b.Conv.Forward(ctx, x)
}

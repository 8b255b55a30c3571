package models

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func seResNetEntry() Entry {
	return Entry{
		Name: "se_resnet50", Origin: "bitnet.models.se_resnet.se_resnet50",
		About:   "residual network of 50 layers with squeeze and excitation (Hu et al., arXiv 1709.01507)",
		Default: imageNet(), features: []feature{hasStem}, signs: resNetSigns(),
		build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
			return newResNet(o, rng, [4]int{3, 4, 6, 3}, newSEBottleneck, bottleneckExpansion), nil
		},
	}
}

// A SEBottleneck is a bottleneck whose channels are scaled by what the whole
// image says of them (Hu et al., "Squeeze-and-Excitation Networks", arXiv
// 1709.01507, figure 3):
//
//	u = bottleneck's residual
//	s = sigmoid(conv_up(max(conv_down(mean of u over its pixels), 0)))
//	y = max(s*u + downsample(x), 0)
//
// with a sixteenth of the channels between the two 1x1 convolutions, which have
// no bias: the reference project's definition.
type SEBottleneck struct {
	Bottleneck
	ConvDown, ConvUp nn.Layer
}

func newSEBottleneck(rng *tensor.Stream, in, planes, stride int) nn.Layer {
	out := planes * bottleneckExpansion
	return &SEBottleneck{
		Bottleneck: *newBottleneck(rng, in, planes, stride, bottleneckShape{groups: 1, width: 64}),
		ConvDown:   resConv(rng, out, planes/4, 1, 1, 1),
		ConvUp:     resConv(rng, planes/4, out, 1, 1, 1),
	}
}

func (b *SEBottleneck) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	t := ctx.Tape
	u := b.BN3.ForwardConv(ctx, b.Conv3, b.middle(ctx, x), autograd.ThenNothing)
	s := autograd.ReLU(t, b.ConvDown.Forward(ctx, autograd.AdaptiveAvgPool(t, u, 1, 1)))
	s = autograd.Sigmoid(t, b.ConvUp.Forward(ctx, s))
	return autograd.AddReLU(t, autograd.ScaleChannels(t, u, s), b.Downsample.Forward(ctx, x))
}

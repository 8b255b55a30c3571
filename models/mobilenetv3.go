package models

import (
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func mobileNetV3Entries() []Entry {
	entry := func(name, about string, last int, rows []mobileV3Row) Entry {
		return Entry{
			Name: name, Origin: "torchvision.models." + name, About: about,
			Default: imageNet(), features: []feature{hasDropout},
			signs: signs{head: "classifier.3.weight", first: "features.0.0.weight"},
			build: func(o Options, rng *tensor.Stream) (nn.Layer, error) { return newMobileNetV3(o, rng, rows, last), nil },
		}
	}
	relu, hardswish := nn.ReLU{}, nn.Hardswish{}
	return []Entry{
		entry("mobilenet_v3_small", "network found by search for small devices (Howard et al., arXiv 1905.02244)", 1024, []mobileV3Row{
			{3, 16, 16, true, relu, 2},
			{3, 72, 24, false, relu, 2},
			{3, 88, 24, false, relu, 1},
			{5, 96, 40, true, hardswish, 2},
			{5, 240, 40, true, hardswish, 1},
			{5, 240, 40, true, hardswish, 1},
			{5, 120, 48, true, hardswish, 1},
			{5, 144, 48, true, hardswish, 1},
			{5, 288, 96, true, hardswish, 2},
			{5, 576, 96, true, hardswish, 1},
			{5, 576, 96, true, hardswish, 1},
		}),
		entry("mobilenet_v3_large", "network found by search for phones (Howard et al., arXiv 1905.02244)", 1280, []mobileV3Row{
			{3, 16, 16, false, relu, 1},
			{3, 64, 24, false, relu, 2},
			{3, 72, 24, false, relu, 1},
			{5, 72, 40, true, relu, 2},
			{5, 120, 40, true, relu, 1},
			{5, 120, 40, true, relu, 1},
			{3, 240, 80, false, hardswish, 2},
			{3, 200, 80, false, hardswish, 1},
			{3, 184, 80, false, hardswish, 1},
			{3, 184, 80, false, hardswish, 1},
			{3, 480, 112, true, hardswish, 1},
			{3, 672, 112, true, hardswish, 1},
			{5, 672, 160, true, hardswish, 2},
			{5, 960, 160, true, hardswish, 1},
			{5, 960, 160, true, hardswish, 1},
		}),
	}
}

// A mobileV3Row is a row of the paper's tables 1 and 2.
type mobileV3Row struct {
	kernel, expanded, out int
	squeeze               bool
	activation            nn.Layer
	stride                int
}

// A MobileNetV3 is a network of Howard et al., "Searching for MobileNetV3",
// arXiv 1905.02244.
type MobileNetV3 struct{ Features, Classifier nn.Sequence }

func newMobileNetV3(o Options, rng *tensor.Stream, rows []mobileV3Row, last int) *MobileNetV3 {
	b := mobileBuilder{rng, func(channels int) *nn.BatchNorm2d {
		n := nn.NewBatchNorm2d(channels)
		n.Eps, n.Momentum = 1e-3, 0.01
		return n
	}}
	in := 16
	net := &MobileNetV3{Features: nn.Sequence{b.conv(o.Channels, in, 3, 2, 1, nn.Hardswish{})}}
	for _, r := range rows {
		m := mobileBlock{
			in: in, expanded: r.expanded, out: r.out, kernel: r.kernel, stride: r.stride,
			activation: r.activation, squeeze: nn.ReLU{}, gate: nn.Hardsigmoid{},
		}
		if r.squeeze {
			m.squeezed = makeDivisible(float64(r.expanded / 4))
		}
		net.Features = append(net.Features, b.block(m))
		in = r.out
	}
	net.Features = append(net.Features, b.conv(in, 6*in, 1, 1, 1, nn.Hardswish{}))
	net.Classifier = nn.Sequence{
		mobileLinear(rng, 6*in, last),
		nn.Hardswish{},
		nn.Dropout{P: float32(o.Dropout.or(0.2))},
		mobileLinear(rng, last, o.Classes),
	}
	return net
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (m *MobileNetV3) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return m.Classifier.Forward(ctx, globalPool(ctx, m.Features.Forward(ctx, x)))
}

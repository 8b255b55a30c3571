package models

import (
	"math"

	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func efficientNetEntries() []Entry {
	entry := func(name string, width, depth, dropout float64) Entry {
		return Entry{
			Name: name, Origin: "torchvision.models." + name,
			About:   "network scaled in depth, width and resolution together (Tan and Le, arXiv 1905.11946)",
			Default: imageNet(), features: []feature{hasDropout, hasDropPath},
			signs: signs{head: "classifier.1.weight", first: "features.0.0.weight"},
			build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
				return newEfficientNet(o, rng, width, depth, o.Dropout.or(dropout)), nil
			},
		}
	}
	return []Entry{
		entry("efficientnet_b0", 1, 1, 0.2),
		entry("efficientnet_b1", 1, 1.1, 0.2),
		entry("efficientnet_b2", 1.1, 1.2, 0.3),
		entry("efficientnet_b3", 1.2, 1.4, 0.3),
	}
}

// An EfficientNet is a network of Tan and Le, "EfficientNet: Rethinking Model
// Scaling for Convolutional Neural Networks", arXiv 1905.11946, table 1.
type EfficientNet struct{ Features, Classifier nn.Sequence }

// newEfficientNet scales the channels of the table by width and its repetitions
// by depth.
func newEfficientNet(o Options, rng *tensor.Stream, width, depth, dropout float64) *EfficientNet {
	b := mobileBuilder{rng, nn.NewBatchNorm2d}
	channels := func(n int) int { return makeDivisible(float64(n) * width) }
	repeat := func(n int) int { return int(math.Ceil(float64(n) * depth)) }
	table := []struct{ expand, kernel, stride, out, blocks int }{
		{1, 3, 1, 16, 1},
		{6, 3, 2, 24, 2},
		{6, 5, 2, 40, 2},
		{6, 3, 2, 80, 3},
		{6, 5, 1, 112, 3},
		{6, 5, 2, 192, 4},
		{6, 3, 1, 320, 1},
	}
	total := 0
	for _, s := range table {
		total += repeat(s.blocks)
	}
	in, block := channels(32), 0
	net := &EfficientNet{Features: nn.Sequence{b.conv(o.Channels, in, 3, 2, 1, nn.SiLU{})}}
	for _, s := range table {
		var stage nn.Sequence
		for i := range repeat(s.blocks) {
			m := mobileBlock{
				in: in, expanded: makeDivisible(float64(in * s.expand)), out: channels(s.out), kernel: s.kernel, stride: 1,
				squeezed: max(1, in/4), activation: nn.SiLU{}, squeeze: nn.SiLU{}, gate: nn.Sigmoid{},
				dropPath: o.DropPath.or(0.2) * float64(block) / float64(total),
			}
			if i == 0 {
				m.stride = s.stride
			}
			stage = append(stage, b.block(m))
			in = m.out
			block++
		}
		net.Features = append(net.Features, stage)
	}
	last := 4 * in
	net.Features = append(net.Features, b.conv(in, last, 1, 1, 1, nn.SiLU{}))
	net.Classifier = nn.Sequence{
		nn.Dropout{P: float32(dropout)},
		nn.NewLinear(last, o.Classes, nn.Weights(nn.UniformFanOut()), nn.Biases(nn.Constant(0)), nn.Init(rng)),
	}
	return net
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (e *EfficientNet) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return e.Classifier.Forward(ctx, globalPool(ctx, e.Features.Forward(ctx, x)))
}

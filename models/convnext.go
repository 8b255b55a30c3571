package models

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func convNeXtEntries() []Entry {
	entry := func(name string, blocks, channels [4]int, dropPath float64) Entry {
		return Entry{
			Name: name, Origin: "torchvision.models." + name,
			About:   "convolutional network after the model of transformers (Liu et al., arXiv 2201.03545)",
			Default: imageNet(), features: []feature{hasDropPath},
			signs: signs{head: "classifier.2.weight", first: "features.0.0.weight"},
			build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
				if err := atLeast(o.Size, 32); err != nil {
					return nil, err
				}
				return newConvNeXt(o, rng, blocks, channels, o.DropPath.or(dropPath)), nil
			},
		}
	}
	return []Entry{
		entry("convnext_tiny", [4]int{3, 3, 9, 3}, [4]int{96, 192, 384, 768}, 0.1),
		entry("convnext_small", [4]int{3, 3, 27, 3}, [4]int{96, 192, 384, 768}, 0.4),
		entry("convnext_base", [4]int{3, 3, 27, 3}, [4]int{128, 256, 512, 1024}, 0.5),
	}
}

// A ConvNeXt is a network of Liu et al., "A ConvNet for the 2020s", arXiv
// 2201.03545, table 9: stages of blocks, with a patch embedding before the first
// and a convolution that halves the image before the others.
type ConvNeXt struct{ Features, Classifier nn.Sequence }

const convNeXtEps = 1e-6 // of every layer norm

func convNeXtNorm(channels int) *nn.LayerNorm {
	n := nn.NewLayerNorm(channels)
	n.Eps = convNeXtEps
	return n
}

// truncated are the initial weights of every layer.
func truncated(rng *tensor.Stream, more ...nn.Option) []nn.Option {
	return append(more, nn.Weights(nn.TruncatedNormal(0.02)), nn.Biases(nn.Constant(0)), nn.Init(rng))
}

func newConvNeXt(o Options, rng *tensor.Stream, blocks, channels [4]int, dropPath float64) *ConvNeXt {
	net := &ConvNeXt{}
	total, block := blocks[0]+blocks[1]+blocks[2]+blocks[3], 0
	for i, c := range channels {
		if i == 0 {
			patches := nn.NewConv2d(o.Channels, c, truncated(rng, nn.Kernel(4), nn.Stride(4))...)
			net.Features = append(net.Features, nn.Sequence{patches, convNeXtNorm(c)})
		} else {
			halve := nn.NewConv2d(channels[i-1], c, truncated(rng, nn.Kernel(2), nn.Stride(2))...)
			net.Features = append(net.Features, nn.Sequence{convNeXtNorm(channels[i-1]), halve})
		}
		var stage nn.Sequence
		for range blocks[i] {
			stage = append(stage, newConvNeXtBlock(rng, c, dropPath*float64(block)/float64(total-1)))
			block++
		}
		net.Features = append(net.Features, stage)
	}
	last := channels[3]
	net.Classifier = nn.Sequence{convNeXtNorm(last), nn.Flatten{}, nn.NewLinear(last, o.Classes, truncated(rng)...)}
	return net
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (c *ConvNeXt) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return c.Classifier.Forward(ctx, autograd.AdaptiveAvgPool(ctx.Tape, c.Features.Forward(ctx, x), 1, 1))
}

// A ConvNeXtBlock is (figure 4, right)
//
//	y = x + LayerScale * Block(x)
//
// where Block is a 7x7 convolution of each channel for itself, a layer norm over
// the channels and a perceptron that widens them fourfold. In training the
// second term is dropped at random, a sample at a time.
type ConvNeXtBlock struct {
	Block      nn.Sequence
	LayerScale *tensor.Tensor // (C, 1, 1)
	DropPath   nn.StochasticDepth
}

func newConvNeXtBlock(rng *tensor.Stream, c int, dropPath float64) *ConvNeXtBlock {
	return &ConvNeXtBlock{
		Block: nn.Sequence{
			nn.NewConv2d(c, c, truncated(rng, nn.Kernel(7), nn.Pad(3), nn.Groups(c))...),
			nn.Identity{}, // here PyTorch moves the channels to the end
			convNeXtNorm(c),
			nn.NewLinear(c, 4*c, truncated(rng)...),
			nn.GELU{},
			nn.NewLinear(4*c, c, truncated(rng)...),
			nn.Identity{},
		},
		LayerScale: nn.NewParameter(rng, nn.Constant(1e-6), c, 1, 1),
		DropPath:   nn.StochasticDepth{P: float32(dropPath)},
	}
}

// Forward computes the block.
func (b *ConvNeXtBlock) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return b.DropPath.ForwardAdd(ctx, x, b.Block.Forward(ctx, x), b.LayerScale)
}

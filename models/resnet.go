package models

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func resNetEntries() []Entry {
	entry := func(name string, depth int, blocks [4]int, shape bottleneckShape, about string) Entry {
		return Entry{
			Name: name, Origin: "torchvision.models." + name, About: about,
			Default: imageNet(), features: []feature{hasStem}, signs: resNetSigns(),
			build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
				if depth < 50 {
					return newResNet(o, rng, blocks, newBasicBlock, 1), nil
				}
				return newResNet(o, rng, blocks, shape.newBlock, bottleneckExpansion), nil
			},
		}
	}
	plain := bottleneckShape{groups: 1, width: 64}
	about := func(depth int) string {
		return fmt.Sprintf("residual network of %d layers (He et al., arXiv 1512.03385)", depth)
	}
	return []Entry{
		entry("resnet18", 18, [4]int{2, 2, 2, 2}, plain, about(18)),
		entry("resnet34", 34, [4]int{3, 4, 6, 3}, plain, about(34)),
		entry("resnet50", 50, [4]int{3, 4, 6, 3}, plain, about(50)),
		entry("resnet101", 101, [4]int{3, 4, 23, 3}, plain, about(101)),
		entry("resnet152", 152, [4]int{3, 8, 36, 3}, plain, about(152)),
		entry("resnext50_32x4d", 50, [4]int{3, 4, 6, 3}, bottleneckShape{groups: 32, width: 4},
			"residual network with grouped convolutions (Xie et al., arXiv 1611.05431)"),
		entry("wide_resnet50_2", 50, [4]int{3, 4, 6, 3}, bottleneckShape{groups: 1, width: 128},
			"residual network of twice the width (Zagoruyko and Komodakis, arXiv 1605.07146)"),
	}
}

func resNetSigns() signs {
	return signs{head: "fc.weight", first: "conv1.weight", infer: func(o *Options, first []int, _ map[string][]int) {
		o.Channels = first[1]
		if first[len(first)-1] == 3 {
			o.Stem, o.Size = StemCIFAR, 32
		}
	}}
}

// A ResNet is a deep residual network (He et al., "Deep Residual Learning for
// Image Recognition", arXiv 1512.03385, table 1), with the stride in the 3x3
// convolution of a bottleneck as torchvision has it.
type ResNet struct {
	Conv1                          nn.Layer
	BN1                            *nn.BatchNorm2d
	Pool                           nn.Sequence // max pooling; empty in a stem for small images
	Layer1, Layer2, Layer3, Layer4 nn.Sequence // of blocks
	FC                             nn.Layer
}

// A blockMaker makes a residual block from in to planes*expansion channels.
type blockMaker func(rng *tensor.Stream, in, planes, stride int) nn.Layer

func newResNet(o Options, rng *tensor.Stream, blocks [4]int, make blockMaker, expansion int) *ResNet {
	net := &ResNet{
		Conv1: resConv(rng, o.Channels, 64, 7, 2, 1),
		BN1:   nn.NewBatchNorm2d(64),
		Pool:  nn.Sequence{nn.NewMaxPool2d(nn.Kernel(3), nn.Stride(2), nn.Pad(1))},
	}
	if o.Stem == StemCIFAR {
		net.Conv1, net.Pool = resConv(rng, o.Channels, 64, 3, 1, 1), nil
	}
	in := 64
	for i, stage := range [...]*nn.Sequence{&net.Layer1, &net.Layer2, &net.Layer3, &net.Layer4} {
		planes := 64 << i
		for j := range blocks[i] {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			*stage = append(*stage, make(rng, in, planes, stride))
			in = planes * expansion
		}
	}
	net.FC = nn.NewLinear(in, o.Classes, nn.Init(rng))
	return net
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (r *ResNet) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	x = r.Pool.Forward(ctx, r.BN1.ForwardConv(ctx, r.Conv1, x, autograd.ThenReLU))
	for _, stage := range [...]nn.Sequence{r.Layer1, r.Layer2, r.Layer3, r.Layer4} {
		x = stage.Forward(ctx, x)
	}
	return r.FC.Forward(ctx, globalPool(ctx, x))
}

// globalPool returns the mean (N, C) of images (N, H, W, C) over their pixels.
func globalPool(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return autograd.Flatten(ctx.Tape, autograd.AdaptiveAvgPool(ctx.Tape, x, 1, 1))
}

// resConv is a convolution without bias whose padding keeps the size of the
// image, up to the stride.
func resConv(rng *tensor.Stream, in, out, kernel, stride, groups int) nn.Layer {
	return nn.NewConv2d(in, out, nn.Kernel(kernel), nn.Stride(stride), nn.Pad(kernel/2), nn.Groups(groups), nn.NoBias(),
		nn.Weights(nn.KaimingNormal()), nn.Init(rng))
}

// newDownsample returns the shortcut of a block: empty for the identity, else a
// projection (option B of the paper).
func newDownsample(rng *tensor.Stream, in, out, stride int) nn.Sequence {
	if in == out && stride == 1 {
		return nil
	}
	return nn.Sequence{resConv(rng, in, out, 1, stride, 1), nn.NewBatchNorm2d(out)}
}

// A BasicBlock is two 3x3 convolutions and a shortcut (figure 5, left):
//
//	y = max(bn2(conv2(max(bn1(conv1(x)), 0))) + downsample(x), 0)
type BasicBlock struct {
	Conv1      nn.Layer
	BN1        *nn.BatchNorm2d
	Conv2      nn.Layer
	BN2        *nn.BatchNorm2d
	Downsample nn.Sequence
}

func newBasicBlock(rng *tensor.Stream, in, planes, stride int) nn.Layer {
	return &BasicBlock{
		Conv1: resConv(rng, in, planes, 3, stride, 1), BN1: nn.NewBatchNorm2d(planes),
		Conv2: resConv(rng, planes, planes, 3, 1, 1), BN2: nn.NewBatchNorm2d(planes),
		Downsample: newDownsample(rng, in, planes, stride),
	}
}

func (b *BasicBlock) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	y := b.BN1.ForwardConv(ctx, b.Conv1, x, autograd.ThenReLU)
	return b.BN2.ForwardConvAddReLU(ctx, b.Conv2, y, b.Downsample, x)
}

// A Bottleneck is a 1x1, a 3x3 and a 1x1 convolution and a shortcut (figure 5,
// right).
type Bottleneck struct {
	Conv1      nn.Layer
	BN1        *nn.BatchNorm2d
	Conv2      nn.Layer
	BN2        *nn.BatchNorm2d
	Conv3      nn.Layer
	BN3        *nn.BatchNorm2d
	Downsample nn.Sequence
}

// bottleneckExpansion is how many times the planes a bottleneck puts out.
const bottleneckExpansion = 4

// A bottleneckShape gives the 3x3 convolution of a bottleneck groups*width
// channels for every 64 planes.
type bottleneckShape struct{ groups, width int }

func (s bottleneckShape) newBlock(rng *tensor.Stream, in, planes, stride int) nn.Layer {
	return newBottleneck(rng, in, planes, stride, s)
}

func newBottleneck(rng *tensor.Stream, in, planes, stride int, s bottleneckShape) *Bottleneck {
	width, out := planes*s.width/64*s.groups, planes*bottleneckExpansion
	return &Bottleneck{
		Conv1: resConv(rng, in, width, 1, 1, 1), BN1: nn.NewBatchNorm2d(width),
		Conv2: resConv(rng, width, width, 3, stride, s.groups), BN2: nn.NewBatchNorm2d(width),
		Conv3: resConv(rng, width, out, 1, 1, 1), BN3: nn.NewBatchNorm2d(out),
		Downsample: newDownsample(rng, in, out, stride),
	}
}

func (b *Bottleneck) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return b.BN3.ForwardConvAddReLU(ctx, b.Conv3, b.middle(ctx, x), b.Downsample, x)
}

// middle computes what Conv3 convolves.
func (b *Bottleneck) middle(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	x = b.BN1.ForwardConv(ctx, b.Conv1, x, autograd.ThenReLU)
	return b.BN2.ForwardConv(ctx, b.Conv2, x, autograd.ThenReLU)
}

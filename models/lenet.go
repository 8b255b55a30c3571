package models

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

var lenet5Entry = Entry{
	Name:    "lenet5",
	About:   "LeNet-5 with batch norm and ReLU (LeCun et al., 1998), for images of 12 pixels and more",
	Default: Options{Classes: 10, Channels: 1, Size: 28},
	signs: signs{head: "fc2.weight", first: "layer1.0.weight", infer: func(o *Options, first []int, shapes map[string][]int) {
		o.Channels = first[1]
		if fc := shapes["fc.weight"]; len(fc) == 2 {
			o.Size = 4*squareRoot(fc[1]/16) + 8
		}
	}},
	build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
		side := (o.Size/2 - 4) / 2 // of the images behind both blocks
		if side < 1 {
			return nil, fmt.Errorf("size %d, want at least 12", o.Size)
		}
		init := nn.Init(rng)
		block := func(in, out, pad int) nn.Sequence {
			return nn.Sequence{
				nn.NewConv2d(in, out, nn.Kernel(5), nn.Pad(pad), nn.NoBias(), init),
				nn.NewBatchNorm2d(out),
				nn.ReLU{},
				nn.NewAvgPool2d(nn.Kernel(2)),
			}
		}
		return &LeNet5{
			Layer1: block(o.Channels, 6, 2),
			Layer2: block(6, 16, 0),
			FC:     nn.NewLinear(16*side*side, 120, init),
			FC1:    nn.NewLinear(120, 84, init),
			FC2:    nn.NewLinear(84, o.Classes, init),
		}, nil
	},
}

// LeNet5 is the convolutional network of LeCun, Bottou, Bengio and Haffner,
// "Gradient-based learning applied to document recognition", 1998, with batch
// norm and ReLU in place of the sigmoid.
type LeNet5 struct {
	Layer1, Layer2 nn.Sequence
	FC, FC1, FC2   nn.Layer
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (l *LeNet5) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	t := ctx.Tape
	x = l.Layer2.Forward(ctx, l.Layer1.Forward(ctx, x))
	x = autograd.ReLU(t, l.FC.Forward(ctx, autograd.Flatten(t, x)))
	x = autograd.ReLU(t, l.FC1.Forward(ctx, x))
	return l.FC2.Forward(ctx, x)
}

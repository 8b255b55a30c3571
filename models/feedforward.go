package models

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

var feedforwardEntry = Entry{
	Name:    "feedforward",
	About:   "one hidden layer of 100 units",
	Default: Options{Classes: 10, Channels: 1, Size: 28},
	signs: signs{head: "fc2.weight", first: "fc1.weight", infer: func(o *Options, first []int, _ map[string][]int) {
		for _, o.Channels = range [...]int{1, 3} {
			if o.Size = squareRoot(first[1] / o.Channels); o.Channels*o.Size*o.Size == first[1] {
				return
			}
		}
	}},
	build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
		const hidden = 100
		return &Feedforward{
			FC1: nn.NewLinear(o.Channels*o.Size*o.Size, hidden, nn.Init(rng)),
			FC2: nn.NewLinear(hidden, o.Classes, nn.Init(rng)),
		}, nil
	},
}

// Feedforward is a perceptron with one hidden layer.
type Feedforward struct{ FC1, FC2 nn.Layer }

// Forward computes the logits (N, classes) of images (N, H, W, C) or of rows
// in the order C, H, W.
func (f *Feedforward) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	x = f.FC1.Forward(ctx, autograd.Flatten(ctx.Tape, x))
	return f.FC2.Forward(ctx, autograd.ReLU(ctx.Tape, x))
}

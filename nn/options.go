package nn

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// An Option sets what a layer does not take by default.
type Option func(*options)

type options struct {
	geometry        autograd.Geometry
	bias            bool
	rng             *tensor.Stream
	weights, biases Initializer // nil: PyTorch's default
}

func collect(opts []Option) options {
	o := options{bias: true, rng: tensor.NewStream(0, "init"), geometry: autograd.Geometry{
		Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Groups: 1,
	}}
	for _, set := range opts {
		set(&o)
	}
	return o
}

// parameters makes a layer's weight of the given shape and, unless NoBias was
// given, the bias of its outputs.
func (o options) parameters(fanIn int, dims ...int) (weight, bias *tensor.Tensor) {
	or := func(i Initializer) Initializer {
		if i == nil {
			return kaimingUniform(fanIn)
		}
		return i
	}
	weight = NewParameter(o.rng, or(o.weights), dims...)
	if o.bias {
		bias = NewParameter(o.rng, or(o.biases), dims[0])
	}
	return weight, bias
}

// Kernel sets the size of a filter or pooling window: one number for a square,
// or rows and columns.
func Kernel(size ...int) Option { return func(o *options) { o.geometry.Kernel = pair("Kernel", size) } }

// Stride sets how far the window moves; the default is 1, for a pooling the
// size of its window.
func Stride(step ...int) Option { return func(o *options) { o.geometry.Stride = pair("Stride", step) } }

// Pad sets the zero padding on both sides.
func Pad(n ...int) Option { return func(o *options) { o.geometry.Padding = pair("Pad", n) } }

// Dilation sets the distance between neighbouring filter taps; the default is 1.
func Dilation(n ...int) Option {
	return func(o *options) { o.geometry.Dilation = pair("Dilation", n) }
}

// Groups cuts the channels into n groups that do not see each other.
func Groups(n int) Option { return func(o *options) { o.geometry.Groups = n } }

// NoBias leaves out the bias.
func NoBias() Option { return func(o *options) { o.bias = false } }

// Init sets the stream that initial weights are drawn from. Layers that share
// a stream get different weights, in the order of their making; the default is
// a stream of the layer's own with the seed 0. With nil, weights and biases are
// zeros: for a layer whose values are about to be loaded.
func Init(rng *tensor.Stream) Option { return func(o *options) { o.rng = rng } }

// Weights sets how initial weights are drawn, instead of PyTorch's default.
func Weights(i Initializer) Option { return func(o *options) { o.weights = i } }

// Biases sets how initial biases are drawn, instead of PyTorch's default.
func Biases(i Initializer) Option { return func(o *options) { o.biases = i } }

func pair(option string, n []int) [2]int {
	switch len(n) {
	case 1:
		return [2]int{n[0], n[0]}
	case 2:
		return [2]int{n[0], n[1]}
	}
	panic(fmt.Sprintf("nn.%s: %d numbers, want one or two", option, len(n)))
}

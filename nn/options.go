package nn

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// An Option sets what a layer does not take by default.
type Option func(*options)

type options struct {
	geometry autograd.Geometry
	bias     bool
	rng      *tensor.Stream
}

func collect(opts []Option) options {
	o := options{bias: true, geometry: autograd.Geometry{
		Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Groups: 1,
	}}
	for _, set := range opts {
		set(&o)
	}
	if o.rng == nil {
		o.rng = tensor.NewStream(0, "init")
	}
	return o
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
// a stream of the layer's own with the seed 0.
func Init(rng *tensor.Stream) Option { return func(o *options) { o.rng = rng } }

func pair(option string, n []int) [2]int {
	switch len(n) {
	case 1:
		return [2]int{n[0], n[0]}
	case 2:
		return [2]int{n[0], n[1]}
	}
	panic(fmt.Sprintf("nn.%s: %d numbers, want one or two", option, len(n)))
}

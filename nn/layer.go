// Package nn holds the layers that networks are built of, the walk that finds
// their parameters under PyTorch's names, and Swap, which makes a BitNet of a
// network.
//
// A layer or network is a plain struct of tensors and other layers; the names
// of its fields give the state names (see Walk).
package nn

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Layer is anything with a forward pass: a single layer, a block, a network.
type Layer interface {
	Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor
}

// A Context says under what circumstances a forward pass happens. It belongs
// to one goroutine.
type Context struct {
	Tape     *autograd.Tape
	Training bool // batch norm uses the batch, dropout drops

	Seed, Step uint64 // key the draws of a training step

	// Trace, unless nil, is told of every layer with parameters, when it has
	// computed its output: the output's shape and the multiply-accumulates
	// that it took.
	Trace func(layer Layer, y tensor.Shape, products int)

	draws uint64 // streams used in this pass
}

// Eval returns a context for evaluation, outside of any training.
func Eval() *Context { return &Context{Tape: autograd.Untaped()} }

// note tells the listener of Trace what a layer has done and returns its output.
func (c *Context) note(layer Layer, y *tensor.Tensor, products int) *tensor.Tensor {
	if c.Trace != nil {
		c.Trace(layer, y.Shape, products)
	}
	return y
}

// stream returns a random stream of its own for each layer that asks in a pass.
func (c *Context) stream(purpose string) *tensor.Stream {
	c.draws++
	return tensor.NewStream(c.Seed, purpose, c.Step, c.draws)
}

// A Sequence applies its layers one after the other. Their state names are
// their indices, as in torch.nn.Sequential.
type Sequence []Layer

// Forward applies the layers. A batch norm runs as one operation with the ReLU
// behind it, and with a 2x2 average pooling behind that.
func (s Sequence) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	for i := 0; i < len(s); {
		norm, ok := s[i].(*BatchNorm2d)
		switch {
		case ok && i+2 < len(s) && isReLU(s[i+1]) && halves(s[i+2], x.Shape):
			x = norm.ForwardPool(ctx, x)
			i += 3
		case ok && i+1 < len(s) && isReLU(s[i+1]):
			x = norm.ForwardReLU(ctx, x)
			i += 2
		default:
			x = s[i].Forward(ctx, x)
			i++
		}
	}
	return x
}

func isReLU(l Layer) bool {
	_, ok := l.(ReLU)
	return ok
}

// halves reports whether a layer is an average pooling that halves height and
// width of such images exactly.
func halves(l Layer, x tensor.Shape) bool {
	pool, ok := l.(AvgPool2d)
	return ok && pool == NewAvgPool2d(Kernel(2)) && x.Rank() == 4 && x.Dim(1)%2 == 0 && x.Dim(2)%2 == 0
}

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

	draws uint64 // streams used in this pass
}

// Eval returns a context for evaluation, outside of any training.
func Eval() *Context { return &Context{Tape: autograd.Untaped()} }

// stream returns a random stream of its own for each layer that asks in a pass.
func (c *Context) stream(purpose string) *tensor.Stream {
	c.draws++
	return tensor.NewStream(c.Seed, purpose, c.Step, c.draws)
}

// A Sequence applies its layers one after the other. Their state names are
// their indices, as in torch.nn.Sequential.
type Sequence []Layer

// Forward applies the layers. A batch norm and the ReLU behind it run as one
// operation.
func (s Sequence) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	for i := 0; i < len(s); i++ {
		norm, ok := s[i].(*BatchNorm2d)
		if ok && i+1 < len(s) {
			if _, relu := s[i+1].(ReLU); relu {
				x = norm.forward(ctx, x, true)
				i++
				continue
			}
		}
		x = s[i].Forward(ctx, x)
	}
	return x
}

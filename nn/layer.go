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

// Forward applies the layers. A batch norm runs as one operation with the
// activation behind it, and with a 2x2 average pooling behind a ReLU; in
// evaluation, with the convolution before it.
func (s Sequence) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	for len(s) > 0 {
		x, s = s.first(ctx, x)
	}
	return x
}

// first applies the first layers that make one operation and returns the others.
func (s Sequence) first(ctx *Context, x *tensor.Tensor) (y *tensor.Tensor, rest Sequence) {
	if norm, ok := s[0].(*BatchNorm2d); ok {
		return norm.followed(ctx, x, norm.norm(), s[1:])
	}
	if len(s) > 1 {
		if norm, ok := s[1].(*BatchNorm2d); ok {
			f, rest := s[2:].activation()
			if _, ok := ctx.finishes(s[0]); ok && (f != autograd.ThenReLU || len(rest) == 0 || rest[0] != Layer(NewAvgPool2d(Kernel(2)))) {
				return norm.ForwardConv(ctx, s[0], x, f), rest
			}
			x, n := norm.measured(ctx, s[0], x)
			return norm.followed(ctx, x, n, s[2:])
		}
	}
	return s[0].Forward(ctx, x), s[1:]
}

// activation returns the activation that s begins with, if it may follow a batch
// norm in one operation, and the layers behind it.
func (s Sequence) activation() (f autograd.Then, rest Sequence) {
	if len(s) > 0 {
		if f := then(s[0]); f != autograd.ThenNothing {
			return f, s[1:]
		}
	}
	return autograd.ThenNothing, s
}

// ForwardAdd computes s(x) + r, as one operation with a batch norm that ends the
// sequence.
func (s Sequence) ForwardAdd(ctx *Context, x, r *tensor.Tensor) *tensor.Tensor {
	if last := len(s) - 1; last >= 0 {
		switch end := s[last].(type) {
		case *BatchNorm2d:
			if last > 0 {
				if conv, ok := ctx.finishes(s[last-1]); ok {
					x = s[:last-1].Forward(ctx, x)
					return conv.forwardThen(ctx, x, end.norm().Finish(ctx.Tape, autograd.ThenNothing, r))
				}
			}
			x, n := end.measured(ctx, s[:last], x)
			return autograd.AddNorm(ctx.Tape, ctx.note(end, x, 0), n, r, nil, ctx.Training, false)
		case Sequence:
			return end.ForwardAdd(ctx, s[:last].Forward(ctx, x), r)
		}
	}
	return autograd.Add(ctx.Tape, s.Forward(ctx, x), r)
}

// then returns the activation that a layer is, if it may follow a batch norm in
// one operation.
func then(l Layer) autograd.Then {
	switch l.(type) {
	case ReLU:
		return autograd.ThenReLU
	case ReLU6:
		return autograd.ThenReLU6
	case SiLU:
		return autograd.ThenSiLU
	case Hardswish:
		return autograd.ThenHardswish
	}
	return autograd.ThenNothing
}

// halves reports whether a layer is an average pooling that halves height and
// width of such images exactly.
func halves(l Layer, x tensor.Shape) bool {
	pool, ok := l.(AvgPool2d)
	return ok && pool == NewAvgPool2d(Kernel(2)) && x.Rank() == 4 && x.Dim(1)%2 == 0 && x.Dim(2)%2 == 0
}

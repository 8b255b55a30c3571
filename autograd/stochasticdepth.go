package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// StochasticDepth sets each sample of x (N, ...) to zero with probability p
// and multiplies the others by 1/(1-p) (Huang et al., arXiv 1603.09382). The
// draws come from the stream, one for each sample in order. PyTorch:
// torchvision.ops.stochastic_depth with mode "row".
func StochasticDepth(t *Tape, x *tensor.Tensor, p float32, r *tensor.Stream) *tensor.Tensor {
	if !(p >= 0 && p <= 1) {
		panic("autograd.StochasticDepth: the probability is not in [0, 1]")
	}
	if p == 0 {
		return x
	}
	n := x.Shape.Dim(0)
	o := stochasticDepth{x: x, y: t.arena.Tensor(x.Shape), factors: t.arena.Floats(n)}
	for i := range o.factors {
		o.factors[i] = 0
		if r.Float32() >= p {
			o.factors[i] = 1 / (1 - p)
		}
	}
	o.multiply(t, o.y.Data, x.Data)
	if t.Needs(x) {
		*Push[stochasticDepth](t, o.y) = o
	}
	return o.y
}

type stochasticDepth struct {
	x, y    *tensor.Tensor
	factors []float32 // (N)
}

// multiply computes y[i,k] = x[i,k] * factors[i], and zero whatever x is where
// the factor is zero.
func (o *stochasticDepth) multiply(t *Tape, y, x []float32) {
	n := len(o.factors)
	newStack(n, len(x)/n, 1).each(t, func(_, i, lo, hi int) {
		if o.factors[i] == 0 {
			clear(y[lo:hi])
		} else {
			kernel.Scale(y[lo:hi], o.factors[i], x[lo:hi])
		}
	})
}

// dx[i,k] = dy[i,k] * factors[i].
func (o *stochasticDepth) Backward(t *Tape) {
	dx := t.arena.Floats(len(o.x.Data))
	o.multiply(t, dx, o.y.Grad)
	t.AddGrad(o.x, dx)
}

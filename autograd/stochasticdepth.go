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
	if p == 0 {
		return x
	}
	o := stochasticDepth{x: x, y: t.arena.Tensor(x.Shape), factors: stochasticFactors(t, "StochasticDepth", x.Shape.Dim(0), p, r)}
	o.multiply(t, o.y.Data, x.Data)
	if t.Needs(x) {
		*Push[stochasticDepth](t, o.y) = o
	}
	return o.y
}

// stochasticFactors draws the factors of n samples: 0 with probability p, and
// 1/(1-p) otherwise.
func stochasticFactors(t *Tape, op string, n int, p float32, r *tensor.Stream) []float32 {
	if !(p >= 0 && p <= 1) {
		panic("autograd." + op + ": the probability is not in [0, 1]")
	}
	factors := t.arena.Floats(n)
	for i := range factors {
		factors[i] = 0
		if r.Float32() >= p {
			factors[i] = 1 / (1 - p)
		}
	}
	return factors
}

type stochasticDepth struct {
	x, y    *tensor.Tensor
	factors []float32 // (N)
}

// multiply computes y[i,k] = x[i,k] * factors[i], and zero whatever x is where
// the factor is zero.
func (o *stochasticDepth) multiply(t *Tape, y, x []float32) {
	n := len(o.factors)
	spans(t, newStack(n, len(x)/n, 1), arrays{y, x, o.factors}, func(a *arrays, b span) {
		if factor := a.z[b.table]; factor == 0 {
			clear(a.y[b.lo:b.hi])
		} else {
			kernel.Scale(a.y[b.lo:b.hi], factor, a.x[b.lo:b.hi])
		}
	})
}

// dx[i,k] = dy[i,k] * factors[i].
func (o *stochasticDepth) Backward(t *Tape) {
	dy := t.take(o.y)
	dx := t.over(dy)
	o.multiply(t, dx, dy)
	t.releaseUnless(dy, dx)
	t.AddGrad(o.x, dx)
}

package autograd

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Softmax computes y[..., j] = exp(x[..., j]) / sum(k) exp(x[..., k]). PyTorch:
// torch.nn.functional.softmax over the last axis.
func Softmax(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	o := softmaxOp{x, t.arena.Tensor(x.Shape)}
	rows(t, x, o, func(o *softmaxOp, lo, hi int) { softmaxRow(o.y.Data[lo:hi], o.x.Data[lo:hi]) })
	if t.Needs(x) {
		*Push[softmaxOp](t, o.y) = o
	}
	return o.y
}

// softmaxRow writes the softmax of x to y and returns log(sum(exp(x))).
func softmaxRow(y, x []float32) (logSumExp float64) {
	most := kernel.Max(x)
	sum := kernel.ExpSub(y, x, most)
	kernel.Scale(y, 1/sum, y)
	return float64(most) + math.Log(float64(sum))
}

type softmaxOp struct{ x, y *tensor.Tensor }

// rows calls f for the values [lo, hi) of every row of x, many short rows in one
// chunk, with the work that it gets as in parallel.Share.
func rows[T any](t *Tape, x *tensor.Tensor, work T, f func(work *T, lo, hi int)) {
	n := x.Shape.Dim(-1)
	rows, step := len(x.Data)/n, max(1, blockValues/n)
	parallel.Run(t.workers, (rows+step-1)/step, rowTask[T]{work, n, rows, step, f})
}

type rowTask[T any] struct {
	work          T
	n, rows, step int
	f             func(work *T, lo, hi int)
}

func (r *rowTask[T]) Chunk(_, block int) {
	for i := block * r.step; i < min((block+1)*r.step, r.rows); i++ {
		r.f(&r.work, i*r.n, (i+1)*r.n)
	}
}

// dx[j] = y[j] * (dy[j] - sum(k) dy[k]*y[k]).
func (o *softmaxOp) Backward(t *Tape) {
	dy := t.take(o.y)
	dx := t.over(dy)
	rows(t, o.x, arrays{dx, dy, o.y.Data}, func(a *arrays, lo, hi int) {
		dx, dy, y := a.cut(lo, hi)
		kernel.SoftmaxGrad(dx, dy, y, kernel.Dot(dy, y))
	})
	t.releaseUnless(dy, dx)
	t.AddGrad(o.x, dx)
}

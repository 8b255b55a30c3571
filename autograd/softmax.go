package autograd

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Softmax computes y[..., j] = exp(x[..., j]) / sum(k) exp(x[..., k]). PyTorch:
// torch.nn.functional.softmax over the last axis.
func Softmax(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	o := softmaxOp{x, t.arena.Tensor(x.Shape)}
	o.eachRow(t, func(lo, hi int) { softmaxRow(o.y.Data[lo:hi], x.Data[lo:hi]) })
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

// eachRow calls f for the values [lo, hi) of every row, many short rows in one
// chunk.
func (o *softmaxOp) eachRow(t *Tape, f func(lo, hi int)) {
	n := o.x.Shape.Dim(-1)
	rows, step := len(o.x.Data)/n, max(1, blockValues/n)
	t.workers.For((rows+step-1)/step, func(block int) {
		for i := block * step; i < min((block+1)*step, rows); i++ {
			f(i*n, (i+1)*n)
		}
	})
}

// dx[j] = y[j] * (dy[j] - sum(k) dy[k]*y[k]).
func (o *softmaxOp) Backward(t *Tape) {
	dx := t.arena.Floats(len(o.x.Data))
	o.eachRow(t, func(lo, hi int) {
		y, dy := o.y.Data[lo:hi], o.y.Grad[lo:hi]
		kernel.SoftmaxGrad(dx[lo:hi], dy, y, kernel.Dot(dy, y))
	})
	t.AddGrad(o.x, dx)
}

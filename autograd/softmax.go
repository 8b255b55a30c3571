package autograd

import (
	"math"

	"github.com/AlarioAI/bitnet/tensor"
)

// Softmax computes y[..., j] = exp(x[..., j]) / sum(k) exp(x[..., k]).
func Softmax(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	n := x.Shape.Dim(-1)
	y := t.arena.Tensor(x.Shape)
	t.workers.For(len(x.Data)/n, func(i int) { softmaxRow(y.Data[i*n:][:n], x.Data[i*n:][:n]) })
	if t.Needs(x) {
		*Push[softmaxOp](t, y) = softmaxOp{x, y}
	}
	return y
}

// softmaxRow writes the softmax of x to y and returns log(sum(exp(x))).
func softmaxRow(y, x []float32) (logSumExp float64) {
	largest := x[0]
	for _, v := range x {
		largest = max(largest, v)
	}
	sum := 0.0
	for j, v := range x {
		e := math.Exp(float64(v - largest))
		y[j] = float32(e)
		sum += e
	}
	for j := range y {
		y[j] = float32(float64(y[j]) / sum)
	}
	return float64(largest) + math.Log(sum)
}

type softmaxOp struct{ x, y *tensor.Tensor }

// dx[j] = y[j] * (dy[j] - sum(k) dy[k]*y[k]).
func (o *softmaxOp) Backward(t *Tape) {
	n := o.x.Shape.Dim(-1)
	dx := t.arena.Floats(len(o.x.Data))
	t.workers.For(len(dx)/n, func(i int) {
		y, dy := o.y.Data[i*n:][:n], o.y.Grad[i*n:][:n]
		dot := float32(0)
		for k, g := range dy {
			dot += g * y[k]
		}
		for j, g := range dy {
			dx[i*n+j] = y[j] * (g - dot)
		}
	})
	t.AddGrad(o.x, dx)
}

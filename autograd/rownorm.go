package autograd

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// LayerNorm normalises over the last axis of x (..., D) (Ba et al., arXiv
// 1607.06450): with mean and var of a row,
//
//	y[j] = (x[j] - mean) / sqrt(var + eps) * weight[j] + bias[j]
//
// A nil weight stands for ones, a nil bias for zeros. PyTorch:
// torch.nn.functional.layer_norm.
func LayerNorm(t *Tape, x, weight, bias *tensor.Tensor, eps float32) *tensor.Tensor {
	return rowNorm(t, "LayerNorm", x, weight, bias, eps, true)
}

// RMSNorm divides each row of x (..., D) by its root mean square (Zhang and
// Sennrich, arXiv 1910.07467):
//
//	y[j] = x[j] / sqrt(mean(x^2) + eps) * weight[j]
//
// A nil weight stands for ones.
func RMSNorm(t *Tape, x, weight *tensor.Tensor, eps float32) *tensor.Tensor {
	return rowNorm(t, "RMSNorm", x, weight, nil, eps, false)
}

// rowNorm is both: with centre false the mean counts as zero.
func rowNorm(t *Tape, name string, x, weight, bias *tensor.Tensor, eps float32, centre bool) *tensor.Tensor {
	d := x.Shape.Dim(-1)
	for _, p := range [...]*tensor.Tensor{weight, bias} {
		if p != nil && p.Shape != tensor.Of(d) {
			mismatch(name, "(..., D) and parameters of (D)", x.Shape, p.Shape)
		}
	}
	rows := len(x.Data) / d
	mean, rstd := t.arena.Floats(rows), t.arena.Floats(rows)
	y := t.arena.Tensor(x.Shape)
	t.workers.For(rows, func(i int) {
		in, out := x.Data[i*d:][:d], y.Data[i*d:][:d]
		mean[i] = 0
		if centre {
			mean[i] = kernel.Sum(in) / float32(d)
		}
		variance := kernel.SumSquares(in, mean[i]) / float32(d)
		rstd[i] = float32(1 / math.Sqrt(float64(variance)+float64(eps)))
		for j, v := range in {
			out[j] = (v - mean[i]) * rstd[i]
		}
		if weight != nil {
			for j, w := range weight.Data {
				out[j] *= w
			}
		}
		if bias != nil {
			kernel.Add(out, out, bias.Data)
		}
	})
	if t.Needs(x, weight, bias) {
		*Push[rowNormOp](t, y) = rowNormOp{x, weight, bias, y, mean, rstd, centre}
	}
	return y
}

type rowNormOp struct {
	x, weight, bias, y *tensor.Tensor
	mean, rstd         []float32
	centre             bool
}

// With xhat = (x - mean)*rstd and g = dy*weight, row by row:
//
//	dx      = rstd * (g - mean(g) - xhat*mean(g*xhat))    without mean(g) for RMSNorm
//	dweight = sum(rows) dy*xhat
//	dbias   = sum(rows) dy
func (o *rowNormOp) Backward(t *Tape) {
	d := o.x.Shape.Dim(-1)
	rows := len(o.mean)
	dy := o.y.Grad
	dx, dyx := t.arena.Floats(len(dy)), t.arena.Floats(len(dy))
	t.workers.For(rows, func(i int) {
		x, g, out, xhat := o.x.Data[i*d:][:d], dy[i*d:][:d], dx[i*d:][:d], dyx[i*d:][:d]
		for j, v := range x {
			xhat[j] = (v - o.mean[i]) * o.rstd[i]
			out[j] = g[j]
		}
		if o.weight != nil {
			for j, w := range o.weight.Data {
				out[j] *= w
			}
		}
		mean := float32(0)
		if o.centre {
			mean = kernel.Sum(out) / float32(d)
		}
		pull := kernel.Dot(out, xhat) / float32(d)
		r := o.rstd[i]
		kernel.Combine(out, r, out, -r*pull, xhat, -r*mean)
		for j, v := range g {
			xhat[j] *= v
		}
	})
	if o.weight != nil && o.weight.NeedGrad {
		AddColumnSums(t, ParamGrad(o.weight), dyx)
	}
	if o.bias != nil && o.bias.NeedGrad {
		AddColumnSums(t, ParamGrad(o.bias), dy)
	}
	t.arena.Release(dyx)
	if o.x.NeedGrad {
		t.AddGrad(o.x, dx)
	}
}

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
	o := rowNormOp{x: x, weight: weight, bias: bias, y: t.arena.Tensor(x.Shape), d: d, centre: centre}
	o.gain = orConstant(t, weight, d, 1)
	o.mean, o.rstd = t.arena.Floats(o.rows()), t.arena.Floats(o.rows())
	shift := orConstant(t, bias, d, 0)
	o.eachRun(t, func(_, first, end int) {
		for i := first; i < end; i++ {
			o.mean[i] = 0
			if centre {
				o.mean[i] = kernel.Sum(o.row(x.Data, i)) / float32(d)
			}
		}
		for i := first; i < end; i++ {
			variance := kernel.SumSquares(o.row(x.Data, i), o.mean[i]) / float32(d)
			o.rstd[i] = float32(1 / math.Sqrt(float64(variance)+float64(eps)))
		}
		for i := first; i < end; i++ {
			kernel.RowNorm(o.row(o.y.Data, i), o.row(x.Data, i), o.mean[i], o.rstd[i], o.gain, shift)
		}
	})
	if t.Needs(x, weight, bias) {
		*Push[rowNormOp](t, o.y) = o
	}
	return o.y
}

// orConstant returns the values of a parameter of d values, all of them c where
// there is none.
func orConstant(t *Tape, p *tensor.Tensor, d int, c float32) []float32 {
	if p != nil {
		return p.Data
	}
	all := t.arena.Floats(d)
	for i := range all {
		all[i] = c
	}
	return all
}

type rowNormOp struct {
	x, weight, bias, y *tensor.Tensor
	d                  int
	gain               []float32 // (D): weight, or ones
	mean, rstd         []float32 // (rows)
	centre             bool
}

func (o *rowNormOp) rows() int                        { return len(o.x.Data) / o.d }
func (o *rowNormOp) row(x []float32, i int) []float32 { return x[i*o.d:][:o.d] }

// blocks returns how many blocks the rows are cut into: few, since each has its
// own sums for the parameters.
func (o *rowNormOp) blocks() int { return max(1, min(64, o.rows()/8, len(o.x.Data)/blockValues)) }

// eachRun calls f for runs of rows, [first, end), that fit the first cache, with
// the block that they are in. f does one thing after the other for a whole run:
// the steps of a row wait for each other, those of different rows need not.
func (o *rowNormOp) eachRun(t *Tape, f func(block, first, end int)) {
	blocks, rows, step := o.blocks(), o.rows(), max(1, blockValues/o.d)
	t.workers.For(blocks, func(block int) {
		end := (block + 1) * rows / blocks
		for first := block * rows / blocks; first < end; first += step {
			f(block, first, min(first+step, end))
		}
	})
}

// With xhat = (x - mean)*rstd and g = dy*weight, row by row:
//
//	dx      = rstd * (g - mean(g) - xhat*mean(g*xhat))    without mean(g) for RMSNorm
//	dweight = sum(rows) dy*xhat
//	dbias   = sum(rows) dy
func (o *rowNormOp) Backward(t *Tape) {
	d, x, dy := o.d, o.x.Data, o.y.Grad
	dx, partial := t.arena.Floats(len(x)), t.arena.Floats(o.blocks()*2*d) // of each block: dweight, then dbias
	clear(partial)
	o.eachRun(t, func(block, first, end int) {
		dweight, dbias := partial[2*block*d:][:d], partial[(2*block+1)*d:][:d]
		for i := first; i < end; i++ {
			x, dy := o.row(x, i), o.row(dy, i)
			sum, dot := kernel.RowNormSums(dweight, dbias, dy, x, o.mean[i], o.rstd[i], o.gain)
			if !o.centre {
				sum = 0
			}
			kernel.RowNormGrad(o.row(dx, i), dy, x, o.mean[i], o.rstd[i], o.gain, sum/float32(d), dot/float32(d))
		}
	})
	for i, p := range [...]*tensor.Tensor{o.weight, o.bias} {
		if p != nil && p.NeedGrad {
			grad := ParamGrad(p)
			for block := range o.blocks() {
				kernel.Add(grad, grad, partial[(2*block+i)*d:][:d])
			}
		}
	}
	t.arena.Release(partial)
	t.addOrRelease(o.x, dx)
}

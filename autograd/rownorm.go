package autograd

import (
	"iter"
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
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
	o.shift, o.eps = orConstant(t, bias, d, 0), eps
	parallel.Share(t.workers, o.blocks(), o, func(o *rowNormOp, _, block int) {
		for first, end := range o.runs(block, forwardValues) {
			o.forward(first, end)
		}
	})
	if t.Needs(x, weight, bias) {
		*Push[rowNormOp](t, o.y) = o
	}
	return o.y
}

// forward computes the rows [first, end) of y.
func (o *rowNormOp) forward(first, end int) {
	x, mean, rstd, share := o.x.Data[first*o.d:end*o.d], o.mean[first:end], o.rstd[first:end], float32(0)
	if o.centre {
		share = 1 / float32(o.d)
	}
	kernel.RowMoments(mean, rstd, x, o.d, share)
	for i, squares := range rstd {
		variance := squares / float32(o.d)
		rstd[i] = float32(1 / math.Sqrt(float64(variance)+float64(o.eps)))
	}
	kernel.RowNorm(o.y.Data[first*o.d:end*o.d], x, mean, rstd, o.gain, o.shift, target(o.y.Data))
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
	gain, shift        []float32 // (D): weight, or ones, and bias, or zeros
	eps                float32
	mean, rstd         []float32 // (rows)
	centre             bool
}

func (o *rowNormOp) rows() int { return len(o.x.Data) / o.d }

// blocks returns how many blocks the rows are cut into: few, since each has its
// own sums for the parameters.
func (o *rowNormOp) blocks() int { return max(1, min(64, o.rows()/8, len(o.x.Data)/blockValues)) }

// forwardValues is about how many values are normalised at a time: the first cache
// holds them, their results and what the processor reads ahead.
const forwardValues = blockValues / 4

// runs yields runs of rows, [first, end), of a block that have about so many values.
func (o *rowNormOp) runs(block, values int) iter.Seq2[int, int] {
	blocks, rows, step := o.blocks(), o.rows(), max(1, values/o.d)
	return func(yield func(first, end int) bool) {
		last := (block + 1) * rows / blocks
		for first := block * rows / blocks; first < last; first += step {
			if !yield(first, min(first+step, last)) {
				return
			}
		}
	}
}

// With xhat = (x - mean)*rstd and g = dy*weight, row by row:
//
//	dx      = rstd * (g - mean(g) - xhat*mean(g*xhat))    without mean(g) for RMSNorm
//	dweight = sum(rows) dy*xhat
//	dbias   = sum(rows) dy
func (o *rowNormOp) Backward(t *Tape) {
	d, dy := o.d, t.take(o.y)
	w := rowNormWork{o: o, dy: dy, dx: t.over(dy), before: t.take(o.x), partial: t.arena.Floats(o.blocks() * 2 * d), sums: t.arena.Floats(o.rows()), dots: t.arena.Floats(o.rows())}
	clear(w.partial)
	parallel.Share(t.workers, o.blocks(), w, (*rowNormWork).rows)
	for i, p := range [...]*tensor.Tensor{o.weight, o.bias} {
		if p != nil && p.NeedGrad {
			grad := ParamGrad(p)
			for block := range o.blocks() {
				kernel.Add(grad, grad, w.partial[(2*block+i)*d:][:d])
			}
		}
	}
	t.arena.Release(w.partial)
	t.arena.Release(w.sums)
	t.arena.Release(w.dots)
	t.release(w.before)
	t.releaseUnless(dy, w.dx)
	t.addOrRelease(o.x, w.dx)
}

// rowNormWork is a backward pass.
type rowNormWork struct {
	o       *rowNormOp
	dy, dx  []float32
	before  []float32 // the gradient that x has from the residual connection around the norm, or nil
	partial []float32 // of each block: dweight, then dbias

	sums, dots []float32 // (rows): see kernel.RowNormSums
}

func (w *rowNormWork) rows(_, block int) {
	o, d := w.o, w.o.d
	dweight, dbias := w.partial[2*block*d:][:d], w.partial[(2*block+1)*d:][:d]
	for first, end := range o.runs(block, blockValues) {
		x, dy, dx := o.x.Data[first*d:end*d], w.dy[first*d:end*d], w.dx[first*d:end*d]
		mean, rstd, sum, dot := o.mean[first:end], o.rstd[first:end], w.sums[first:end], w.dots[first:end]
		kernel.RowNormSums(sum, dot, dweight, dbias, dy, x, mean, rstd, o.gain)
		for i := range sum {
			sum[i] /= float32(d)
			dot[i] /= float32(d)
			if !o.centre {
				sum[i] = 0
			}
		}
		kernel.RowNormGrad(dx, dy, x, mean, rstd, o.gain, sum, dot)
		if w.before != nil {
			kernel.Add(dx, dx, w.before[first*d:end*d])
		}
	}
}

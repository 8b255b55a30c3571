package autograd

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// BatchStats are the running statistics of a batch norm and what governs them.
type BatchStats struct {
	Mean, Var *tensor.Tensor // (C)
	Momentum  float32        // weight of a new batch in the running statistics; PyTorch's default is 0.1
	Eps       float32
}

// BatchNorm normalises each channel of x (..., C) (Ioffe and Szegedy, arXiv
// 1502.03167),
//
//	y = (x - mean[c]) / sqrt(var[c] + eps) * weight[c] + bias[c]
//
// In training the mean and the (biased) variance are those of the batch, and
// the running statistics move towards them, with the unbiased variance; in
// evaluation they are the running statistics. With relu, negative results
// become zero on the way. PyTorch: torch.nn.functional.batch_norm.
func BatchNorm(t *Tape, x, weight, bias *tensor.Tensor, stats BatchStats, training, relu bool) *tensor.Tensor {
	c := x.Shape.Dim(-1)
	if want := tensor.Of(c); weight.Shape != want || bias.Shape != want || stats.Mean.Shape != want || stats.Var.Shape != want {
		mismatch("BatchNorm", "(..., C) and four of (C)", x.Shape, weight.Shape, bias.Shape, stats.Mean.Shape, stats.Var.Shape)
	}
	b := newTable(len(x.Data), c)
	mean, rstd := t.arena.Floats(c), t.arena.Floats(c)
	if training {
		if b.rows < 2 {
			mismatch("BatchNorm", "more than one value per channel in training", x.Shape)
		}
		variance := t.arena.Floats(c)
		batchMoments(t, b, x.Data, mean, variance)
		unbias := float32(b.rows) / float32(b.rows-1)
		for j := range mean {
			stats.Mean.Data[j] += stats.Momentum * (mean[j] - stats.Mean.Data[j])
			stats.Var.Data[j] += stats.Momentum * (variance[j]*unbias - stats.Var.Data[j])
			rstd[j] = float32(1 / math.Sqrt(float64(variance[j])+float64(stats.Eps)))
		}
		t.arena.Release(variance)
	} else {
		copy(mean, stats.Mean.Data)
		for j, v := range stats.Var.Data {
			rstd[j] = float32(1 / math.Sqrt(float64(v)+float64(stats.Eps)))
		}
	}

	floor := float32(math.Inf(-1))
	if relu {
		floor = 0
	}
	scale, shift := t.arena.Floats(b.wide()), t.arena.Floats(b.wide())
	for j := range c {
		scale[j] = weight.Data[j] * rstd[j]
		shift[j] = bias.Data[j] - mean[j]*scale[j]
	}
	b.repeat(scale, scale)
	b.repeat(shift, shift)
	y := t.arena.Tensor(x.Shape)
	t.workers.For(b.blocks(), func(i int) {
		lo, mid, hi := b.block(i)
		kernel.ScaleShift(y.Data[lo:mid], x.Data[lo:mid], scale, shift, floor)
		kernel.ScaleShift(y.Data[mid:hi], x.Data[mid:hi], scale[:c], shift[:c], floor)
	})
	if t.Needs(x, weight, bias) {
		*Push[batchNorm](t, y) = batchNorm{x, weight, bias, y, mean, rstd, floor, training}
	}
	return y
}

// batchMoments computes mean and biased variance of each channel. Each block
// takes its own mean and then the squares around it, while it is in the cache;
// the blocks are combined in order (Chan, Golub and LeVeque, 1979).
func batchMoments(t *Tape, b table, x, mean, variance []float32) {
	wide := b.wide()
	partial := t.arena.Floats(b.blocks() * 2 * wide) // of each block: sums, then squares
	t.workers.For(b.blocks(), func(i int) {
		lo, mid, hi := b.block(i)
		sums, squares := partial[2*i*wide:][:wide], partial[(2*i+1)*wide:][:wide]
		clear(sums)
		clear(squares)
		kernel.ColumnSums(sums, x[lo:mid])
		kernel.ColumnSums(sums[:b.c], x[mid:hi])
		b.fold(sums)
		rows := float32((hi - lo) / b.c)
		for j := range b.c {
			sums[j] /= rows
		}
		b.repeat(sums, sums)
		kernel.ColumnSquares(squares, x[lo:mid], sums)
		kernel.ColumnSquares(squares[:b.c], x[mid:hi], sums[:b.c])
		b.fold(squares)
	})
	for j := range b.c {
		n, m, s := 0.0, 0.0, 0.0
		for i := range b.blocks() {
			lo, _, hi := b.block(i)
			rows := float64((hi - lo) / b.c)
			delta := float64(partial[2*i*wide+j]) - m
			s += float64(partial[(2*i+1)*wide+j]) + delta*delta*n*rows/(n+rows)
			n += rows
			m += delta * rows / n
		}
		mean[j], variance[j] = float32(m), float32(s/n)
	}
	t.arena.Release(partial)
}

type batchNorm struct {
	x, weight, bias, y *tensor.Tensor
	mean, rstd         []float32
	floor              float32
	training           bool
}

// With M rows, xhat = (x - mean)*rstd, and dy zero where y <= floor:
//
//	dbias   = sum(dy)
//	dweight = sum(dy * xhat)
//	dx      = weight*rstd * (dy - dbias/M - xhat*dweight/M)    in training
//	dx      = weight*rstd * dy                                 in evaluation
func (o *batchNorm) Backward(t *Tape) {
	x, dy, y := o.x.Data, o.y.Grad, o.y.Data
	c := len(o.mean)
	b := newTable(len(x), c)
	wide := b.wide()
	center := b.repeat(t.arena.Floats(wide), o.mean)
	partial := t.arena.Floats(b.blocks() * 2 * wide) // of each block: sums of dy, then of dy*(x-mean)
	t.workers.For(b.blocks(), func(i int) {
		lo, mid, hi := b.block(i)
		sums, dots := partial[2*i*wide:][:wide], partial[(2*i+1)*wide:][:wide]
		clear(sums)
		clear(dots)
		kernel.ScaleShiftSums(sums, dots, dy[lo:mid], x[lo:mid], y[lo:mid], center, o.floor)
		kernel.ScaleShiftSums(sums[:c], dots[:c], dy[mid:hi], x[mid:hi], y[mid:hi], center[:c], o.floor)
		b.fold(sums)
		b.fold(dots)
	})
	ka, kb, kc := t.arena.Floats(wide), t.arena.Floats(wide), t.arena.Floats(wide) // dx = ka*dy + kb*x + kc
	dweight, dbias := ParamGrad(o.weight), ParamGrad(o.bias)
	for j := range c {
		sum, dot := 0.0, 0.0
		for i := range b.blocks() {
			sum += float64(partial[2*i*wide+j])
			dot += float64(partial[(2*i+1)*wide+j])
		}
		rstd := float64(o.rstd[j])
		dbias[j] += float32(sum)
		dweight[j] += float32(dot * rstd)
		slope := float64(o.weight.Data[j]) * rstd
		ka[j], kb[j], kc[j] = float32(slope), 0, 0
		if o.training {
			m := float64(b.rows)
			pull := -slope * rstd * rstd * dot / m
			kb[j] = float32(pull)
			kc[j] = float32(-slope*sum/m - pull*float64(o.mean[j]))
		}
	}
	t.arena.Release(partial)
	if !o.x.NeedGrad {
		return
	}
	b.repeat(ka, ka)
	b.repeat(kb, kb)
	b.repeat(kc, kc)
	dx := t.arena.Floats(len(x))
	t.workers.For(b.blocks(), func(i int) {
		lo, mid, hi := b.block(i)
		kernel.ScaleShiftGrad(dx[lo:mid], dy[lo:mid], x[lo:mid], y[lo:mid], ka, kb, kc, o.floor)
		kernel.ScaleShiftGrad(dx[mid:hi], dy[mid:hi], x[mid:hi], y[mid:hi], ka[:c], kb[:c], kc[:c], o.floor)
	})
	t.AddGrad(o.x, dx)
}

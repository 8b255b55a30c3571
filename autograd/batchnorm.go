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
	a := newAffine(t, "BatchNorm", x, weight, bias, stats, training, relu)
	y := t.arena.Tensor(x.Shape)
	t.workers.For(a.blocks(), func(i int) {
		lo, hi := a.block(i)
		a.apply(y.Data[lo:hi], x.Data[lo:hi])
	})
	if t.Needs(x, weight, bias) {
		*Push[batchNorm](t, y) = batchNorm{a, y}
	}
	return y
}

type batchNorm struct {
	affine
	y *tensor.Tensor
}

func (o *batchNorm) Backward(t *Tape) {
	o.gradients(t, o.blocks(), func(i int, use func(lo int, dy, y []float32)) {
		lo, hi := o.block(i)
		use(lo, o.y.Grad[lo:hi], o.y.Data[lo:hi])
	})
}

// An affine is what a batch norm does once it knows mean and variance:
// y = max(x*scale + shift, floor), channel by channel.
type affine struct {
	table
	x, weight, bias *tensor.Tensor
	mean, rstd      []float32 // (C)
	scale, shift    []float32 // repeated for wide rows
	floor           float32
	training        bool
}

func newAffine(t *Tape, op string, x, weight, bias *tensor.Tensor, stats BatchStats, training, relu bool) affine {
	c := x.Shape.Dim(-1)
	if want := tensor.Of(c); weight.Shape != want || bias.Shape != want || stats.Mean.Shape != want || stats.Var.Shape != want {
		mismatch(op, "(..., C) and four of (C)", x.Shape, weight.Shape, bias.Shape, stats.Mean.Shape, stats.Var.Shape)
	}
	a := affine{table: newTable(len(x.Data), c), x: x, weight: weight, bias: bias, training: training}
	a.mean, a.rstd = t.arena.Floats(c), t.arena.Floats(c)
	if training {
		if a.rows < 2 {
			mismatch(op, "more than one value per channel in training", x.Shape)
		}
		variance := t.arena.Floats(c)
		batchMoments(t, a.table, x.Data, a.mean, variance)
		unbias := float32(a.rows) / float32(a.rows-1)
		for j := range c {
			stats.Mean.Data[j] += stats.Momentum * (a.mean[j] - stats.Mean.Data[j])
			stats.Var.Data[j] += stats.Momentum * (variance[j]*unbias - stats.Var.Data[j])
			a.rstd[j] = float32(1 / math.Sqrt(float64(variance[j])+float64(stats.Eps)))
		}
		t.arena.Release(variance)
	} else {
		copy(a.mean, stats.Mean.Data)
		for j, v := range stats.Var.Data {
			a.rstd[j] = float32(1 / math.Sqrt(float64(v)+float64(stats.Eps)))
		}
	}
	if a.floor = float32(math.Inf(-1)); relu {
		a.floor = 0
	}
	a.scale, a.shift = t.arena.Floats(a.wide()), t.arena.Floats(a.wide())
	for j := range c {
		a.scale[j] = weight.Data[j] * a.rstd[j]
		a.shift[j] = bias.Data[j] - a.mean[j]*a.scale[j]
	}
	a.repeat(a.scale, a.scale)
	a.repeat(a.shift, a.shift)
	return a
}

// apply computes whole rows of y.
func (a *affine) apply(y, x []float32) {
	mid := a.whole(len(x))
	kernel.ScaleShift(y[:mid], x[:mid], a.scale, a.shift, a.floor)
	kernel.ScaleShift(y[mid:], x[mid:], a.scale[:a.c], a.shift[:a.c], a.floor)
}

// gradients adds the gradients of x, weight and bias. pieces calls use for the
// parts of block i: the position of each in x, the gradient of y there and y
// itself. With M rows, xhat = (x - mean)*rstd, and dy zero where y <= floor:
//
//	dbias   = sum(dy)
//	dweight = sum(dy * xhat)
//	dx      = weight*rstd * (dy - dbias/M - xhat*dweight/M)    in training
//	dx      = weight*rstd * dy                                 in evaluation
func (a *affine) gradients(t *Tape, blocks int, pieces func(i int, use func(lo int, dy, y []float32))) {
	x, c, wide := a.x.Data, a.c, a.wide()
	center := a.repeat(t.arena.Floats(wide), a.mean)
	partial := t.arena.Floats(blocks * 2 * wide) // of each block: sums of dy, then of dy*(x-mean)
	t.workers.For(blocks, func(i int) {
		sums, dots := partial[2*i*wide:][:wide], partial[(2*i+1)*wide:][:wide]
		clear(sums)
		clear(dots)
		pieces(i, func(lo int, dy, y []float32) {
			x, mid := x[lo:lo+len(y)], a.whole(len(y))
			kernel.ScaleShiftSums(sums, dots, dy[:mid], x[:mid], y[:mid], center, a.floor)
			kernel.ScaleShiftSums(sums[:c], dots[:c], dy[mid:], x[mid:], y[mid:], center[:c], a.floor)
		})
		a.fold(sums)
		a.fold(dots)
	})
	ka, kb, kc := t.arena.Floats(wide), t.arena.Floats(wide), t.arena.Floats(wide) // dx = ka*dy + kb*x + kc
	dweight, dbias := ParamGrad(a.weight), ParamGrad(a.bias)
	for j := range c {
		sum, dot := 0.0, 0.0
		for i := range blocks {
			sum += float64(partial[2*i*wide+j])
			dot += float64(partial[(2*i+1)*wide+j])
		}
		rstd := float64(a.rstd[j])
		dbias[j] += float32(sum)
		dweight[j] += float32(dot * rstd)
		slope := float64(a.weight.Data[j]) * rstd
		ka[j], kb[j], kc[j] = float32(slope), 0, 0
		if a.training {
			m := float64(a.rows)
			pull := -slope * rstd * rstd * dot / m
			kb[j] = float32(pull)
			kc[j] = float32(-slope*sum/m - pull*float64(a.mean[j]))
		}
	}
	t.arena.Release(partial)
	if !a.x.NeedGrad {
		return
	}
	a.repeat(ka, ka)
	a.repeat(kb, kb)
	a.repeat(kc, kc)
	dx := t.arena.Floats(len(x))
	t.workers.For(blocks, func(i int) {
		pieces(i, func(lo int, dy, y []float32) {
			dx, x, mid := dx[lo:lo+len(y)], x[lo:lo+len(y)], a.whole(len(y))
			kernel.ScaleShiftGrad(dx[:mid], dy[:mid], x[:mid], y[:mid], ka, kb, kc, a.floor)
			kernel.ScaleShiftGrad(dx[mid:], dy[mid:], x[mid:], y[mid:], ka[:c], kb[:c], kc[:c], a.floor)
		})
	})
	t.AddGrad(a.x, dx)
}

package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
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
	f := ThenNothing
	if relu {
		f = ThenReLU
	}
	return BatchNormThen(t, x, Norm{Weight: weight, Bias: bias, BatchStats: stats}, training, f)
}

// BatchNormThen is BatchNorm with a function behind it. What lies between the
// two is not stored, and computed again on the way back.
func BatchNormThen(t *Tape, x *tensor.Tensor, n Norm, training bool, f Then) *tensor.Tensor {
	o := batchNorm{newAffine(t, "BatchNorm", x, n, training), f, t.arena.Tensor(x.Shape)}
	w := batchNormValue{batchNorm: o}
	if f.curved() {
		w.scratch = t.scratch(o.blockRows * o.c)
	}
	parallel.Share(t.workers, o.blocks(), w, (*batchNormValue).block)
	t.arena.Release(w.scratch.memory)
	if t.Needs(x, n.Weight, n.Bias) {
		*Push[batchNorm](t, o.y) = o
	}
	return o.y
}

type batchNorm struct {
	affine
	f Then
	y *tensor.Tensor
}

func (o *batchNorm) Backward(t *Tape) { o.backwardSum(t, nil) }

// With d = dy*f'(v), the gradients of affine.parameters. Within limits, d is
// computed twice; otherwise it is stored.
func (o *batchNorm) backwardSum(t *Tape, more []float32) {
	f := o.f
	dy := t.take(o.y)
	d := dy
	if f.curved() || more != nil {
		d = t.over(dy)
	}
	w := batchNormWork{o: o, d: d, dy: dy, more: more, s: o.sums(t, o.blocks())}
	if f.curved() {
		w.scratch = t.scratch(o.blockRows * o.c)
	}
	parallel.Share(t.workers, o.blocks(), w, (*batchNormWork).sums)
	t.arena.Release(w.scratch.memory)
	t.release(more)
	w.k = o.parameters(t, w.s)
	if o.x.NeedGrad {
		w.dx = t.over(d)
		parallel.Share(t.workers, o.blocks(), w, (*batchNormWork).grad)
		t.releaseUnless(d, w.dx)
		t.AddGrad(o.x, w.dx)
	} else {
		t.release(d)
	}
	t.releaseUnless(dy, d)
}

// batchNormValue is a forward pass.
type batchNormValue struct {
	batchNorm
	scratch
}

// block computes block i of y.
func (w *batchNormValue) block(worker, i int) {
	o, to := &w.batchNorm, target(w.y.Data)
	lo, hi := o.block(i)
	y, x := o.y.Data[lo:hi], o.x.Data[lo:hi]
	if !o.f.curved() {
		o.limited(y, x, o.f, to)
		return
	}
	v := w.scratch.of(worker)[:hi-lo]
	o.limited(v, x, o.f, kernel.Caches)
	o.f.value(y, v, to)
}

// batchNormWork is a backward pass.
type batchNormWork struct {
	o        *batchNorm
	dx, d    []float32
	dy, more []float32
	s        affineSums
	k        slopes
	scratch  scratch
}

// sums computes those of block i, and d where it is stored.
func (w *batchNormWork) sums(worker, i int) {
	lo, hi := w.o.block(i)
	sums, dots := w.s.block(i)
	d, g, x, f := w.d[lo:hi], w.dy[lo:hi], w.o.x.Data[lo:hi], w.o.f
	if w.more != nil {
		kernel.Add(d, g, w.more[lo:hi])
		g = d
	}
	if f.curved() {
		v := w.scratch.of(worker)[:hi-lo]
		w.o.limited(v, x, f, kernel.Caches)
		f.grad(d, g, v)
		f = ThenNothing
	}
	w.o.addSums(sums, dots, d, x, f)
}

// grad computes block i of dx.
func (w *batchNormWork) grad(_, i int) {
	lo, hi := w.o.block(i)
	f := w.o.f
	if f.curved() {
		f = ThenNothing // d is stored
	}
	w.o.grad(w.dx[lo:hi], w.d[lo:hi], w.o.x.Data[lo:hi], &w.k, f)
}

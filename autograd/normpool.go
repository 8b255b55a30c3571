package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// BatchNormPool is BatchNorm with relu, followed by AvgPool of 2x2 windows side
// by side, for images of even height and width. It goes through memory a good
// deal less than the two: what lies between them exists for two rows of one
// image at a time, and is computed again on the way back.
func BatchNormPool(t *Tape, x *tensor.Tensor, norm Norm, training bool) *tensor.Tensor {
	if x.Shape.Rank() != 4 || x.Shape.Dim(1)%2 != 0 || x.Shape.Dim(2)%2 != 0 {
		mismatch("BatchNormPool", "(N, H, W, C) with even H and W", x.Shape)
	}
	n, h, w, c := x.Shape.Dim(0), x.Shape.Dim(1), x.Shape.Dim(2), x.Shape.Dim(3)
	o := batchNormPool{
		affine: newAffine(t, "BatchNormPool", x, norm, training),
		y:      t.arena.Tensor(tensor.Of(n, h/2, w/2, c)),
		line:   w * c, pairs: n * h / 2, perBlock: max(1, blockValues/(2*w*c)),
	}
	o.middle = t.scratch(2 * o.line)
	parallel.Share(t.workers, o.blocks(), o, func(o *batchNormPool, worker, i int) {
		norm := o.middle.of(worker)
		for pair := o.first(i); pair < o.first(i+1); pair++ {
			o.limited(norm, o.x.Data[2*pair*o.line:][:2*o.line], ThenReLU, kernel.Caches)
			kernel.Halve(o.y.Data[pair*o.line/2:][:o.line/2], norm[:o.line], norm[o.line:], o.c)
		}
	})
	t.arena.Release(o.middle.memory)
	if t.Needs(x, norm.Weight, norm.Bias) {
		*Push[batchNormPool](t, o.y) = o
	}
	return o.y
}

type batchNormPool struct {
	affine
	y        *tensor.Tensor
	line     int // values in a row of x
	pairs    int // of rows, in all images; one pair makes one row of y
	perBlock int
	middle   scratch // what lies between the two, two rows
}

func (o *batchNormPool) blocks() int { return (o.pairs + o.perBlock - 1) / o.perBlock }

// first returns the first pair of block i.
func (o *batchNormPool) first(i int) int { return min(i*o.perBlock, o.pairs) }

// The gradients of affine.parameters, with the pooling's in front of them.
func (o *batchNormPool) Backward(t *Tape) {
	w := normPoolWork{o: o, s: o.sums(t, o.blocks())}
	o.middle = t.scratch(2 * o.line)
	parallel.Share(t.workers, o.blocks(), w, (*normPoolWork).sums)
	t.arena.Release(o.middle.memory)
	w.k = o.parameters(t, w.s)
	if o.x.NeedGrad {
		w.dx = t.arena.Floats(len(o.x.Data))
		parallel.Share(t.workers, o.blocks(), w, (*normPoolWork).grad)
		t.AddGrad(o.x, w.dx)
	}
}

// normPoolWork is a backward pass.
type normPoolWork struct {
	o  *batchNormPool
	dx []float32
	s  affineSums
	k  slopes
}

// widen computes the gradient of the two rows before the pooling.
func (o *batchNormPool) widen(dnorm []float32, pair int) {
	half := o.line / 2
	kernel.HalveGrad(dnorm[:o.line], dnorm[o.line:], o.y.Grad[pair*half:][:half], o.c)
}

func (w *normPoolWork) sums(worker, i int) {
	o := w.o
	dnorm := o.middle.of(worker)
	sums, dots := w.s.block(i)
	for pair := o.first(i); pair < o.first(i+1); pair++ {
		o.widen(dnorm, pair)
		o.addSums(sums, dots, dnorm, o.x.Data[2*pair*o.line:][:2*o.line], ThenReLU)
	}
}

func (w *normPoolWork) grad(_, i int) {
	o := w.o
	for pair := o.first(i); pair < o.first(i+1); pair++ {
		dx := w.dx[2*pair*o.line:][:2*o.line]
		o.widen(dx, pair)
		o.affine.grad(dx, dx, o.x.Data[2*pair*o.line:][:2*o.line], &w.k, ThenReLU)
	}
}

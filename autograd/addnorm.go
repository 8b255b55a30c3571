package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// AddNorm computes the end of a residual block (He et al., arXiv 1512.03385) in
// one pass, for x and r of one shape (..., C):
//
//	y = max(BatchNorm(x) + r, 0)
//
// Without relu, the sum itself. With a norm of the shortcut's own, rn, r is
// BatchNorm(r) instead.
func AddNorm(t *Tape, x *tensor.Tensor, n Norm, r *tensor.Tensor, rn *Norm, training, relu bool) *tensor.Tensor {
	if x.Shape != r.Shape {
		mismatch("AddNorm", "two equal ones", x.Shape, r.Shape)
	}
	o := addNorm{affine: newAffine(t, "AddNorm", x, n, training), r: r, projected: rn != nil, relu: relu, y: t.arena.Tensor(x.Shape)}
	if o.projected {
		o.shortcut = newAffine(t, "AddNorm", r, *rn, training)
	} else {
		o.shortcut.scale, o.shortcut.shift = t.arena.Floats(o.wide()), t.arena.Floats(o.wide())
		clear(o.shortcut.shift)
		for j := range o.shortcut.scale {
			o.shortcut.scale[j] = 1
		}
	}
	parallel.Share(t.workers, o.blocks(), o, (*addNorm).forward)
	if t.Needs(x, r, n.Weight, n.Bias) || o.projected && t.Needs(rn.Weight, rn.Bias) {
		*Push[addNorm](t, o.y) = o
	}
	return o.y
}

type addNorm struct {
	affine
	r         *tensor.Tensor
	shortcut  affine // of r: without a norm, all that is set is a scale of one and a shift of zero
	projected bool   // the shortcut has a norm
	relu      bool
	y         *tensor.Tensor
}

// forward computes block i of y.
func (o *addNorm) forward(_, i int) {
	lo, hi := o.block(i)
	mid, c, k := lo+o.whole(hi-lo), o.c, &o.shortcut
	low := noLimit()
	if o.relu {
		low = 0
	}
	y, x, r := o.y.Data, o.x.Data, o.r.Data
	kernel.ScaleShiftAdd(y[lo:mid], x[lo:mid], o.scale, o.shift, r[lo:mid], k.scale, k.shift, low, target(y))
	kernel.ScaleShiftAdd(y[mid:hi], x[mid:hi], o.scale[:c], o.shift[:c], r[mid:hi], k.scale[:c], k.shift[:c], low, target(y))
}

func (o *addNorm) Backward(t *Tape) { o.backwardSum(t, nil) }

// d = dy where y > 0, else 0, is the gradient of either term of the sum. It is
// computed once, and the sums of affine.parameters are taken on the way.
func (o *addNorm) backwardSum(t *Tape, more []float32) {
	dy := t.take(o.y)
	w := addNormWork{o: o, d: dy, dy: dy, more: more, s: o.sums(t, o.blocks())}
	if o.relu || more != nil {
		w.d = t.over(dy)
	}
	if o.projected {
		w.rs = o.shortcut.sums(t, o.blocks())
	}
	parallel.Share(t.workers, o.blocks(), w, (*addNormWork).sums)
	t.release(more)
	t.releaseUnless(dy, w.d)
	w.k = o.parameters(t, w.s)
	if o.x.NeedGrad {
		w.dx = t.arena.Floats(len(w.d))
	}
	if o.projected {
		w.rk = o.shortcut.parameters(t, w.rs)
		if o.r.NeedGrad {
			w.dr = t.over(w.d)
		}
	}
	parallel.Share(t.workers, o.blocks(), w, (*addNormWork).grad)
	switch {
	case !o.projected:
		t.addOrRelease(o.r, w.d)
	case o.r.NeedGrad:
		t.releaseUnless(w.d, w.dr)
		t.AddGrad(o.r, w.dr)
	default:
		t.release(w.d)
	}
	if w.dx != nil {
		t.AddGrad(o.x, w.dx)
	}
}

// addNormWork is a backward pass.
type addNormWork struct {
	o           *addNorm
	d, dy, more []float32
	dx, dr      []float32 // nil: not wanted
	s, rs       affineSums
	k, rk       slopes
}

// sums computes d and its sums in block i.
func (w *addNormWork) sums(_, i int) {
	o := w.o
	lo, hi := o.block(i)
	sums, dots := w.s.block(i)
	d, g, x := w.d[lo:hi], w.dy[lo:hi], o.x.Data[lo:hi]
	if w.more != nil {
		kernel.Add(d, g, w.more[lo:hi])
		g = d
	}
	if o.relu {
		o.addReLUSums(d, sums, dots, g, x, o.y.Data[lo:hi])
	} else {
		o.addSums(sums, dots, d, x, ThenNothing)
	}
	if o.projected {
		sums, dots := w.rs.block(i)
		o.shortcut.addSums(sums, dots, d, o.r.Data[lo:hi], ThenNothing)
	}
}

// grad computes block i of dx and, where the shortcut has a norm, dr.
func (w *addNormWork) grad(_, i int) {
	o := w.o
	lo, hi := o.block(i)
	if w.dx != nil {
		o.grad(w.dx[lo:hi], w.d[lo:hi], o.x.Data[lo:hi], &w.k, ThenNothing)
	}
	if w.dr != nil {
		o.shortcut.grad(w.dr[lo:hi], w.d[lo:hi], o.r.Data[lo:hi], &w.rk, ThenNothing)
	}
}

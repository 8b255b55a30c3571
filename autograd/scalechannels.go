package autograd

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// ScaleChannels multiplies the channels of images x (N, H, W, C) by factors s
// (N, 1, 1, C), the last step of squeeze and excitation (Hu et al., arXiv
// 1709.01507, equation 4):
//
//	y[n,h,w,c] = x[n,h,w,c] * s[n,c]
func ScaleChannels(t *Tape, x, s *tensor.Tensor) *tensor.Tensor {
	if x.Shape.Rank() != 4 || s.Shape != tensor.Of(x.Shape.Dim(0), 1, 1, x.Shape.Dim(3)) {
		mismatch("ScaleChannels", "(N, H, W, C) and (N, 1, 1, C)", x.Shape, s.Shape)
	}
	o := newScaling(t, x, s, newStack(x.Shape.Dim(0), x.Shape.Dim(1)*x.Shape.Dim(2), x.Shape.Dim(3)))
	if t.Needs(x, s) {
		*Push[scaleChannels](t, o.y) = scaleChannels{o}
	}
	return o.y
}

type scaleChannels struct{ scaling }

func (o *scaleChannels) Backward(t *Tape) {
	dx, ds := o.gradients(t)
	t.addOrRelease(o.x, dx)
	t.addOrRelease(o.s, ds)
}

// A scaling is y[i,row,c] = x[i,row,c] * s[i,c] for a stack x of tables.
type scaling struct {
	stack
	x, s, y        *tensor.Tensor
	factors, zeros []float32 // s and zeros, repeated for wide rows
}

func newScaling(t *Tape, x, s *tensor.Tensor, k stack) scaling {
	o := scaling{stack: k, x: x, s: s, y: t.arena.Tensor(x.Shape)}
	o.factors, o.zeros = t.arena.Floats(k.n*k.wide()), t.arena.Floats(k.wide())
	clear(o.zeros)
	for i := range k.n {
		k.repeat(o.factors[i*k.wide():], s.Data[i*k.c:])
	}
	k.each(t, func(_, i, lo, hi int) { o.multiply(o.y.Data[lo:hi], x.Data[lo:hi], i) })
	return o
}

// multiply computes y = x*s for rows of table i.
func (o *scaling) multiply(y, x []float32, i int) {
	factors, mid := o.factors[i*o.wide():][:o.wide()], o.whole(len(x))
	kernel.ScaleShift(y[:mid], x[:mid], factors, o.zeros, noFloor())
	kernel.ScaleShift(y[mid:], x[mid:], factors[:o.c], o.zeros[:o.c], noFloor())
}

// noFloor is a floor that changes nothing.
func noFloor() float32 { return float32(math.Inf(-1)) }

// gradients returns
//
//	dx[i,row,c] = dy[i,row,c] * s[i,c]
//	ds[i,c]     = sum(row) dy[i,row,c] * x[i,row,c]
func (o *scaling) gradients(t *Tape) (dx, ds []float32) {
	dx, ds = t.arena.Floats(len(o.x.Data)), t.arena.Floats(len(o.s.Data))
	partial, shifts := t.arena.Floats(o.partialSums()), t.arena.Floats(o.partialSums()) // the gradient of a shift comes with the other
	clear(partial)
	clear(shifts)
	o.each(t, func(block, i, lo, hi int) {
		dots, sums := partial[block*o.wide():][:o.wide()], shifts[block*o.wide():][:o.wide()]
		x, dy, mid := o.x.Data[lo:hi], o.y.Grad[lo:hi], o.whole(hi-lo)
		kernel.ScaleShiftSums(sums, dots, dy[:mid], x[:mid], x[:mid], o.zeros, noFloor())
		kernel.ScaleShiftSums(sums[:o.c], dots[:o.c], dy[mid:], x[mid:], x[mid:], o.zeros[:o.c], noFloor())
		o.fold(dots)
		o.multiply(dx[lo:hi], dy, i)
	})
	o.totals(ds, partial)
	t.arena.Release(partial)
	t.arena.Release(shifts)
	return dx, ds
}

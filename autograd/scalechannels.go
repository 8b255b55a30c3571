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
	spans(t, k, o, func(o *scaling, b span) { o.multiply(o.y.Data[b.lo:b.hi], o.x.Data[b.lo:b.hi], b.table) })
	return o
}

// multiply computes y = x*s for rows of table i.
func (o *scaling) multiply(y, x []float32, i int) {
	factors, mid := o.factors[i*o.wide():][:o.wide()], o.whole(len(x))
	kernel.ScaleShift(y[:mid], x[:mid], factors, o.zeros, noLimit(), noLimit(), target(o.y.Data))
	kernel.ScaleShift(y[mid:], x[mid:], factors[:o.c], o.zeros[:o.c], noLimit(), noLimit(), target(o.y.Data))
}

// noLimit is a limit of kernel.ScaleShift that changes nothing.
func noLimit() float32 { return float32(math.NaN()) }

// gradients returns
//
//	dx[i,row,c] = dy[i,row,c] * s[i,c]
//	ds[i,c]     = sum(row) dy[i,row,c] * x[i,row,c]
func (o *scaling) gradients(t *Tape) (dx, ds []float32) {
	dy := t.take(o.y)
	dx, ds = t.over(dy), t.arena.Floats(len(o.s.Data))
	partial, shifts := t.arena.Floats(o.partialSums()), t.arena.Floats(o.partialSums()) // the gradient of a shift comes with the other
	clear(partial)
	clear(shifts)
	type work struct {
		o               *scaling
		dx, dy          []float32
		partial, shifts []float32
	}
	spans(t, o.stack, work{o, dx, dy, partial, shifts}, func(w *work, b span) {
		o, lo, hi := w.o, b.lo, b.hi
		dots, sums := w.partial[b.block*o.wide():][:o.wide()], w.shifts[b.block*o.wide():][:o.wide()]
		x, dy, mid := o.x.Data[lo:hi], w.dy[lo:hi], o.whole(hi-lo)
		kernel.ColumnDots(sums, dots, dy[:mid], x[:mid], o.zeros)
		kernel.ColumnDots(sums[:o.c], dots[:o.c], dy[mid:], x[mid:], o.zeros[:o.c])
		o.fold(dots)
		o.multiply(w.dx[lo:hi], dy, b.table)
	})
	o.totals(ds, partial)
	t.arena.Release(partial)
	t.arena.Release(shifts)
	t.releaseUnless(dy, dx)
	return dx, ds
}

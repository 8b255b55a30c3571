package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// AddScaled computes the end of a residual block with layer scale and stochastic
// depth in one pass, for r and x (N, ..., C) and g of C values in any shape:
//
//	y = r + StochasticDepth(LayerScale(x, g), p)
//
// A nil g stands for ones. Where p is 0, the stream may be nil.
func AddScaled(t *Tape, r, x, g *tensor.Tensor, p float32, stream *tensor.Stream) *tensor.Tensor {
	if r.Shape != x.Shape || len(x.Data) == 0 || x.Shape.Rank() == 0 || g != nil && len(g.Data) != x.Shape.Dim(-1) {
		want := "two equal ones (..., C) and C values"
		if g == nil {
			mismatch("AddScaled", want, r.Shape, x.Shape)
		}
		mismatch("AddScaled", want, r.Shape, x.Shape, g.Shape)
	}
	c, n := x.Shape.Dim(-1), 1
	o := addScaled{r: r, x: x, g: g, y: t.arena.Tensor(x.Shape)}
	if p > 0 {
		n = x.Shape.Dim(0)
		o.depths = stochasticFactors(t, "AddScaled", n, p, stream)
	}
	o.stack = newStack(n, len(x.Data)/c/n, c)
	wide := o.wide()
	o.factors, o.ones, o.zeros = t.arena.Floats(n*wide), t.arena.Floats(wide), t.arena.Floats(wide)
	clear(o.zeros)
	for j := range o.ones {
		o.ones[j] = 1
	}
	for i := range n {
		factors := o.factors[i*wide:][:wide]
		copy(factors, o.ones)
		if g != nil {
			o.repeat(factors, g.Data)
		}
		if p > 0 {
			kernel.Scale(factors, o.depths[i], factors)
		}
	}
	spans(t, o.stack, o, func(o *addScaled, b span) {
		y, x, r := o.y.Data[b.lo:b.hi], o.x.Data[b.lo:b.hi], o.r.Data[b.lo:b.hi]
		if o.dropped(b.table) {
			copy(y, r)
			return
		}
		factors, mid, c := o.factors[b.table*o.wide():][:o.wide()], o.whole(len(y)), o.c
		kernel.ScaleShiftAdd(y[:mid], x[:mid], factors, o.zeros, r[:mid], o.ones, o.zeros, noLimit(), target(o.y.Data))
		kernel.ScaleShiftAdd(y[mid:], x[mid:], factors[:c], o.zeros[:c], r[mid:], o.ones[:c], o.zeros[:c], noLimit(), target(o.y.Data))
	})
	if t.Needs(r, x, g) {
		*Push[addScaled](t, o.y) = o
	}
	return o.y
}

type addScaled struct {
	stack
	r, x, g, y  *tensor.Tensor
	depths      []float32 // a factor for each sample; nil: ones
	factors     []float32 // of all samples, for wide rows
	ones, zeros []float32
}

// dropped reports whether sample i of x does not count, whatever it is.
func (o *addScaled) dropped(i int) bool { return o.depths != nil && o.depths[i] == 0 }

func (o *addScaled) Backward(t *Tape) { o.backwardSum(t, nil) }

// With depth[n] = 0 for what was dropped, and 1/(1-p) or 1 elsewhere,
//
//	dr[n,...,c] = dy[n,...,c]
//	dx[n,...,c] = dy[n,...,c] * g[c]*depth[n]
//	dg[c]       = sum(n, ...) dy[n,...,c] * x[n,...,c] * depth[n]
func (o *addScaled) backwardSum(t *Tape, more []float32) {
	dy := t.take(o.y)
	d := dy
	if more != nil {
		d = t.over(dy)
	}
	w := addScaledWork{o: o, d: d, dy: dy, more: more}
	if o.x.NeedGrad {
		w.dx = t.arena.Floats(len(d))
	}
	if o.g != nil && o.g.NeedGrad {
		w.partial, w.unused = t.arena.Floats(o.partialSums()), t.arena.Floats(o.partialSums())
		clear(w.partial)
		clear(w.unused)
	}
	spans(t, o.stack, w, (*addScaledWork).span)
	t.release(more)
	t.releaseUnless(dy, d)
	if w.partial != nil {
		dg := ParamGrad(o.g)
		for block := range o.n * o.blocks() {
			kernel.Add(dg, dg, w.partial[block*o.wide():][:o.c])
		}
		t.arena.Release(w.partial)
		t.arena.Release(w.unused)
	}
	if w.dx != nil {
		t.AddGrad(o.x, w.dx)
	}
	t.addOrRelease(o.r, d)
}

// addScaledWork is a backward pass.
type addScaledWork struct {
	o               *addScaled
	d, dy, more     []float32
	dx              []float32 // nil: not wanted
	partial, unused []float32 // of each block: dg, and the sums of dy that come with it; nil: not wanted
}

func (w *addScaledWork) span(b span) {
	o, wide, c := w.o, w.o.wide(), w.o.c
	d, x, mid := w.d[b.lo:b.hi], o.x.Data[b.lo:b.hi], o.whole(b.hi-b.lo)
	if w.more != nil {
		kernel.Add(d, w.dy[b.lo:b.hi], w.more[b.lo:b.hi])
	}
	if o.dropped(b.table) {
		if w.dx != nil {
			clear(w.dx[b.lo:b.hi])
		}
		return
	}
	if w.partial != nil {
		dots, sums := w.partial[b.block*wide:][:wide], w.unused[b.block*wide:][:wide]
		kernel.ColumnDots(sums, dots, d[:mid], x[:mid], o.zeros)
		kernel.ColumnDots(sums[:c], dots[:c], d[mid:], x[mid:], o.zeros[:c])
		o.fold(dots)
		if o.depths != nil {
			kernel.Scale(dots, o.depths[b.table], dots)
		}
	}
	if w.dx != nil {
		factors, dx := o.factors[b.table*wide:][:wide], w.dx[b.lo:b.hi]
		kernel.ScaleShift(dx[:mid], d[:mid], factors, o.zeros, noLimit(), noLimit(), kernel.Caches)
		kernel.ScaleShift(dx[mid:], d[mid:], factors[:c], o.zeros[:c], noLimit(), noLimit(), kernel.Caches)
	}
}

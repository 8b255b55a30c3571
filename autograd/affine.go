package autograd

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/moments"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Norm is what a batch norm knows of its channels: weight and bias (C), the
// running statistics and what governs them.
type Norm struct {
	Weight, Bias *tensor.Tensor
	BatchStats

	taken *moments.Table // of the input, on its way to memory; see Measured
}

// moments returns those of x, taken already or now.
func (n Norm) moments(t *Tape, b table, x *tensor.Tensor) moments.Table {
	if n.taken != nil && n.taken.Values != nil {
		return *n.taken
	}
	return batchMoments(t, b, x.Data)
}

// reciprocalRoots writes 1/sqrt(variance + eps) of each channel.
func (n Norm) reciprocalRoots(dst, variance []float32) {
	for j, v := range variance {
		dst[j] = float32(1 / math.Sqrt(float64(v)+float64(n.Eps)))
	}
}

// factors writes scale and shift of each channel, of which the batch norm of x is
// x*scale + shift. scale may be rstd.
func (n Norm) factors(scale, shift, mean, rstd []float32) {
	for j, w := range n.Weight.Data {
		scale[j] = w * rstd[j]
		shift[j] = n.Bias.Data[j] - mean[j]*scale[j]
	}
}

// Then is what follows a batch norm in the same operation.
type Then uint8

// The functions that can follow.
const (
	ThenNothing Then = iota
	ThenReLU
	ThenReLU6
	ThenSiLU
	ThenHardswish
)

// limits returns those of kernel.ScaleShift.
func (f Then) limits() (low, high float32) {
	low, high = float32(math.NaN()), float32(math.NaN())
	if f == ThenReLU || f == ThenReLU6 {
		low = 0
	}
	if f == ThenReLU6 {
		high = 6
	}
	return low, high
}

// curved reports whether the function is more than limits.
func (f Then) curved() bool { return f == ThenSiLU || f == ThenHardswish }

// value computes y = f(v) for a curved function. y may be v.
func (f Then) value(y, v []float32, to kernel.Target) {
	if f == ThenSiLU {
		kernel.SiLU(y, v, to)
	} else {
		kernel.Hardswish(y, v, to)
	}
}

// grad computes d = dy*f'(v) for a curved function. d may be dy or v.
func (f Then) grad(d, dy, v []float32) {
	if f == ThenSiLU {
		kernel.SiLUGrad(d, dy, v)
	} else {
		kernel.HardswishGrad(d, dy, v)
	}
}

// An affine is what a batch norm does once it knows mean and variance: v =
// x*scale + shift, channel by channel.
type affine struct {
	table
	x            *tensor.Tensor
	norm         Norm
	mean, rstd   []float32 // (C)
	center       []float32 // mean, repeated for wide rows
	scale, shift []float32 // likewise
	training     bool
}

func newAffine(t *Tape, op string, x *tensor.Tensor, n Norm, training bool) affine {
	c := x.Shape.Dim(-1)
	if want := tensor.Of(c); n.Weight.Shape != want || n.Bias.Shape != want || n.Mean.Shape != want || n.Var.Shape != want {
		mismatch(op, "(..., C) and four of (C)", x.Shape, n.Weight.Shape, n.Bias.Shape, n.Mean.Shape, n.Var.Shape)
	}
	a := affine{table: newTable(len(x.Data), c), x: x, norm: n, training: training}
	a.mean, a.rstd = t.arena.Floats(c), t.arena.Floats(c)
	if training {
		if a.rows < 2 {
			mismatch(op, "more than one value per channel in training", x.Shape)
		}
		variance := t.arena.Floats(c)
		m := n.moments(t, a.table, x)
		m.Combine(t.workers, a.mean, variance)
		t.arena.Release(m.Values)
		unbias := float32(a.rows) / float32(a.rows-1)
		for j := range c {
			n.Mean.Data[j] += n.Momentum * (a.mean[j] - n.Mean.Data[j])
			n.Var.Data[j] += n.Momentum * (variance[j]*unbias - n.Var.Data[j])
		}
		n.reciprocalRoots(a.rstd, variance)
		t.arena.Release(variance)
	} else {
		copy(a.mean, n.Mean.Data)
		n.reciprocalRoots(a.rstd, n.Var.Data)
	}
	a.center, a.scale, a.shift = t.arena.Floats(a.wide()), t.arena.Floats(a.wide()), t.arena.Floats(a.wide())
	n.factors(a.scale, a.shift, a.mean, a.rstd)
	a.repeat(a.center, a.mean)
	a.repeat(a.scale, a.scale)
	a.repeat(a.shift, a.shift)
	return a
}

// limited computes whole rows of y = x*scale + shift within the limits of f.
func (a *affine) limited(y, x []float32, f Then, to kernel.Target) {
	low, high := f.limits()
	mid, c := a.whole(len(x)), a.c
	kernel.ScaleShift(y[:mid], x[:mid], a.scale, a.shift, low, high, to)
	kernel.ScaleShift(y[mid:], x[mid:], a.scale[:c], a.shift[:c], low, high, to)
}

// affineSums are what the gradients of an affine need, block by block: with d =
// dy*f'(v), sum(rows) d and sum(rows) d*(x-mean).
type affineSums struct {
	values []float32
	wide   int
}

func (a *affine) sums(t *Tape, blocks int) affineSums {
	return affineSums{t.arena.Floats(blocks * 2 * a.wide()), a.wide()}
}

// block returns the sums of a block, cleared.
func (s affineSums) block(i int) (sums, dots []float32) {
	both := s.values[2*i*s.wide:][:2*s.wide]
	clear(both)
	return both[:s.wide], both[s.wide:]
}

// addSums adds what rows contribute whose d is dy within the limits of f.
func (a *affine) addSums(sums, dots, dy, x []float32, f Then) {
	mid, c := a.whole(len(x)), a.c
	if f == ThenNothing {
		kernel.ColumnDots(sums, dots, dy[:mid], x[:mid], a.center)
		kernel.ColumnDots(sums[:c], dots[:c], dy[mid:], x[mid:], a.center[:c])
		return
	}
	low, high := f.limits()
	kernel.ScaleShiftSums(sums, dots, dy[:mid], x[:mid], a.scale, a.shift, a.center, low, high)
	kernel.ScaleShiftSums(sums[:c], dots[:c], dy[mid:], x[mid:], a.scale[:c], a.shift[:c], a.center[:c], low, high)
}

// addReLUSums writes d = dy where y > 0, else 0, and adds its sums.
func (a *affine) addReLUSums(d, sums, dots, dy, x, y []float32) {
	mid, c := a.whole(len(x)), a.c
	kernel.ReLUSums(d[:mid], sums, dots, dy[:mid], x[:mid], y[:mid], a.center)
	kernel.ReLUSums(d[mid:], sums[:c], dots[:c], dy[mid:], x[mid:], y[mid:], a.center[:c])
}

// slopes are those of the gradient of x: dx = d*onD + x*onX + rest, with a value
// for each column of wide rows.
type slopes struct{ onD, onX, rest []float32 }

// parameters adds the gradients of weight and bias, and returns the slopes of
// that of x. With M rows and xhat = (x - mean)*rstd,
//
//	dbias   = sum(d)
//	dweight = sum(d * xhat)
//	dx      = weight*rstd * (d - dbias/M - xhat*dweight/M)    in training
//	dx      = weight*rstd * d                                 in evaluation
func (a *affine) parameters(t *Tape, s affineSums) slopes {
	wide := a.wide()
	all := t.arena.Floats(3 * wide)
	k := slopes{all[:wide], all[wide : 2*wide], all[2*wide:]}
	w := slopeWork{a, s, k, ParamGrad(a.norm.Weight), ParamGrad(a.norm.Bias)}
	parallel.Share(t.workers, a.groups(), w, (*slopeWork).group)
	t.arena.Release(s.values)
	a.repeat(k.onD, k.onD)
	a.repeat(k.onX, k.onX)
	a.repeat(k.rest, k.rest)
	return k
}

type slopeWork struct {
	*affine
	s              affineSums
	k              slopes
	dweight, dbias []float32
}

func (w *slopeWork) group(_, i int) {
	first, end := w.affine.group(i)
	var sums, dots [groupChannels]float64
	for i := 0; i < len(w.s.values); i += w.s.wide {
		into := &sums
		if i/w.s.wide%2 == 1 {
			into = &dots
		}
		for r := 0; r < w.s.wide; r += w.c {
			for j, v := range w.s.values[i+r:][first:end] {
				into[j] += float64(v)
			}
		}
	}
	for j := first; j < end; j++ {
		sum, dot, rstd := sums[j-first], dots[j-first], float64(w.rstd[j])
		w.dbias[j] += float32(sum)
		w.dweight[j] += float32(dot * rstd)
		slope := float64(w.norm.Weight.Data[j]) * rstd
		w.k.onD[j], w.k.onX[j], w.k.rest[j] = float32(slope), 0, 0
		if w.training {
			m := float64(w.rows)
			pull := -slope * rstd * rstd * dot / m
			w.k.onX[j] = float32(pull)
			w.k.rest[j] = float32(-slope*sum/m - pull*float64(w.mean[j]))
		}
	}
}

// grad computes whole rows of dx, with d being dy within the limits of f. dx may
// be dy. Short rows would wait for a copy of the slopes.
func (a *affine) grad(dx, dy, x []float32, k *slopes, f Then) {
	mid, c := a.whole(len(x)), a.c
	if f == ThenNothing {
		kernel.ColumnGrad(dx[:mid], dy[:mid], x[:mid], k.onD, k.onX, k.rest)
		kernel.ColumnGrad(dx[mid:], dy[mid:], x[mid:], k.onD[:c], k.onX[:c], k.rest[:c])
		return
	}
	low, high := f.limits()
	kernel.ScaleShiftGrad(dx[:mid], dy[:mid], x[:mid], a.scale, a.shift, k.onD, k.onX, k.rest, low, high)
	kernel.ScaleShiftGrad(dx[mid:], dy[mid:], x[mid:], a.scale[:c], a.shift[:c], k.onD[:c], k.onX[:c], k.rest[:c], low, high)
}

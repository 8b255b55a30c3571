package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/moments"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Finish is what is computed of a layer's output on its way to memory. Where
// nobody wants to see the output itself, in evaluation, that is the batch norm
// behind a convolution, a shortcut and an activation:
//
//	v = y[i,oh,ow,o]*Scale[o] + Shift[o] + Other[i,oh,ow,o]
//	y[i,oh,ow,o] = min(max(v, Floor), Ceil)
//
// where a bound that is a NaN is none. In training the output stays as it is, and
// the moments that a batch norm needs are taken of it.
type Finish struct {
	Scale, Shift []float32 // (O)
	Other        []float32 // as y, or nil
	Floor, Ceil  float32

	// Moments, unless nil, receives those of the output's columns O, and nothing
	// else is done. It stays as it is where they cannot be taken on the way:
	// behind a depthwise convolution, which writes past the caches, and behind
	// Apply.
	Moments *moments.Table
}

// Changes reports whether the output itself is lost.
func (f *Finish) Changes() bool { return f != nil && f.Moments == nil }

// measure lends the table of moments, if any, its memory for a product.
func (f *Finish) measure(arena *tensor.Arena, rows, step, columns int) {
	if f != nil && f.Moments != nil {
		*f.Moments = moments.Table{Rows: rows, Step: step, Columns: columns, Stride: columns}
		f.Moments.Values = arena.Floats(f.Moments.Len())
	}
}

// rows finishes or measures n columns of rows that begin at outs from at on, of which
// the first is column o. They are the rows of the product from m on. A nil Finish
// does nothing.
func (f *Finish) rows(y []float32, at int, outs []int, o, n, m int) {
	switch {
	case f == nil:
	case f.Moments != nil:
		f.take(y, at, outs, o, n, m)
	default:
		f.finish(y, at, outs, o, n)
	}
}

// take adds rows to the moments. The first row of a block is their center.
func (f *Finish) take(y []float32, at int, outs []int, o, n, m int) {
	center, sums, squares := f.Moments.Block(m / f.Moments.Step)
	center, sums, squares = center[o:][:n], sums[o:][:n], squares[o:][:n]
	if m%f.Moments.Step == 0 {
		copy(center, y[at+outs[0]:])
		clear(sums)
		clear(squares)
	}
	const few = 48 // rows that are added up without rounding much
	for len(outs) > few {
		kernel.MeasureRows(sums, squares, y[at:], outs[:few], n, center)
		outs = outs[few:]
	}
	kernel.MeasureRows(sums, squares, y[at:], outs, n, center)
}

// finish changes rows.
func (f *Finish) finish(y []float32, at int, outs []int, o, n int) {
	var other []float32
	if f.Other != nil {
		other = f.Other[at:]
	}
	kernel.FinishRows(y[at:], outs, n, f.Scale[o:], f.Shift[o:], other, f.Floor, f.Ceil)
}

// Apply finishes an output of channels O as a pass of its own. Where
// it changes nothing, it does nothing.
func (f *Finish) Apply(workers *parallel.Pool, y []float32) {
	if !f.Changes() {
		return
	}
	pixels := len(y) / len(f.Scale)
	parallel.Run(workers, (pixels+finishRows-1)/finishRows, finishing{f, y, pixels})
}

const finishRows = 64

type finishing struct {
	f      *Finish
	y      []float32
	pixels int
}

func (t *finishing) Chunk(_, task int) {
	const width = 32
	var outs [finishRows]int
	channels, first := len(t.f.Scale), task*finishRows
	n := min(finishRows, t.pixels-first)
	for i := range n {
		outs[i] = i * channels
	}
	for o := 0; o < channels; o += width {
		t.f.finish(t.y, first*channels+o, outs[:n], o, min(width, channels-o))
	}
}

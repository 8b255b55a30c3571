package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
)

// A Finish is what is computed of a layer's output on its way to memory, where
// nobody wants to see the output itself: in evaluation, the batch norm behind a
// convolution, a shortcut and an activation.
//
//	v = y[i,oh,ow,o]*Scale[o] + Shift[o] + Other[i,oh,ow,o]
//	y[i,oh,ow,o] = min(max(v, Floor), Ceil)
//
// where a bound that is a NaN is none.
type Finish struct {
	Scale, Shift []float32 // (O)
	Other        []float32 // as y, or nil
	Floor, Ceil  float32
}

// rows finishes n columns of rows that begin at outs from at on, of which the first
// is column o. A nil Finish does nothing.
func (f *Finish) rows(y []float32, at int, outs []int, o, n int) {
	if f == nil {
		return
	}
	var other []float32
	if f.Other != nil {
		other = f.Other[at:]
	}
	kernel.FinishRows(y[at:], outs, n, f.Scale[o:], f.Shift[o:], other, f.Floor, f.Ceil)
}

// Apply finishes an output of channels O as a pass of its own. A nil Finish
// does nothing.
func (f *Finish) Apply(workers *parallel.Pool, y []float32) {
	if f == nil {
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
		t.f.rows(t.y, first*channels+o, outs[:n], o, min(width, channels-o))
	}
}

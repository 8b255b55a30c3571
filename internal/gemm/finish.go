package gemm

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
)

// A Finish is what is computed of a layer's output on its way to memory, where
// nobody wants to see the output itself: in evaluation, the batch norm behind a
// convolution, a shortcut and an activation.
//
//	v = y[i,oh,ow,o]*Scale[o] + Shift[o] + Other[i,oh,ow,o]
//	y[i,oh,ow,o] = min(max(v, Floor), Ceil)
type Finish struct {
	Scale, Shift []float32 // (O)
	Other        []float32 // as y, or nil
	Floor, Ceil  float32
}

// Unbounded are the bounds that change nothing.
func Unbounded() (floor, ceil float32) {
	inf := float32(math.Inf(1))
	return -inf, inf
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
	const width, rowsOfTask = 32, 64
	channels := len(f.Scale)
	pixels := len(y) / channels
	workers.For((pixels+rowsOfTask-1)/rowsOfTask, func(task int) {
		var outs [rowsOfTask]int
		first := task * rowsOfTask
		n := min(rowsOfTask, pixels-first)
		for i := range n {
			outs[i] = i * channels
		}
		for o := 0; o < channels; o += width {
			f.rows(y, first*channels+o, outs[:n], o, min(width, channels-o))
		}
	})
}

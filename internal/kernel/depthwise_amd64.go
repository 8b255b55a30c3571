//go:build !purego

package kernel

import (
	"unsafe"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

func depthwiseF32(y []float32, yStep int, init []float32, initStep int, a, x []float32, channels int, l *Line, s Steps) {
	kernel, wide := depthwiseF32AVX512, 32 // shapes other than 0 want a multiple of so many channels
	switch cpu.Current() {
	case cpu.AVX2:
		kernel, wide = depthwiseF32AVX2, 8
	case cpu.Generic:
		depthwiseF32Generic(y, yStep, init, initStep, a, x, channels, l, s)
		return
	}
	const line = 16 // values in a line of the cache
	s.Stream = s.Stream && yStep%line == 0 && uintptr(unsafe.Pointer(unsafe.SliceData(y)))%(4*line) == 0
	run := func(t *tiling, first, n int) {
		w := l.walk(t, s)
		lines := ceil(len(s.Ahead), line*max(1, l.groups(t)*s.Rows*ceil(n, wide)))
		kernel(y[first:], init[first:], yStep, initStep, a[first:], x[first:],
			w.aCol, w.aNext, w.at, w.xCol, w.xGroup, w.xBlock, w.xNext, w.rows, t.groups, n, t.reach, t.number,
			s.Ahead, lines, s.Stream)
		s.Ahead = nil
	}
	whole := l.floats.split(channels, wide, s)
	if whole > 0 {
		run(&l.floats, 0, whole)
	}
	if whole < channels {
		run(&l.any, whole, channels-whole)
	}
}

func depthwiseU8S8(y []float32, yStep int, scale float32, bias []float32, a []int8, x []uint8, channels int, l *Line, s Steps) {
	kernel, whole := depthwiseU8S8AVX512, l.codes.split(channels, 32, s)
	switch cpu.Current() {
	case cpu.AVX2:
		kernel, whole = depthwiseU8S8AVX2, 0
	case cpu.Generic:
		depthwiseU8S8Generic(y, yStep, scale, bias, a, x, channels, l, s)
		return
	}
	run := func(t *tiling, first, n int) {
		w := l.walk(t, s)
		kernel(y[first:], bias[first:], yStep, scale, a[first:], x[first:],
			w.aCol, w.aNext, w.at, w.xCol, w.xGroup, w.xBlock, w.xNext, w.rows, t.groups, n, t.reach, t.number)
	}
	if whole > 0 {
		run(&l.codes, 0, whole)
	}
	if whole < channels {
		run(&l.any, whole, channels-whole)
	}
}

// split returns how many channels a tiling computes: a multiple of wide, none
// in shape 0 or where there are no terms.
func (t *tiling) split(channels, wide int, s Steps) int {
	if t.number == 0 || s.Rows == 0 {
		return 0
	}
	return channels - channels%wide
}

// groups returns the number of groups in all blocks of a tiling.
func (l *Line) groups(t *tiling) int { return ceil(len(l.sums), t.sums) * t.groups }

// A walk is the way of a tiling through a and x, as the assembly takes it.
type walk struct {
	aCol, aNext int // to the next factor; from behind the last factor of a row to the next row
	at          int // where x has the first column of the first block and group
	xCol        int // to the next column
	xGroup      int // to the next group
	xBlock      int // to the next block
	xNext       int // from behind the last group of a row to the next row
	rows        int
}

func (l *Line) walk(t *tiling, s Steps) walk {
	if t.groups == 0 {
		return walk{}
	}
	sum, term := distance(l.sums)*s.Column, distance(l.terms)*s.Column
	w := walk{aCol: s.Column, at: (l.sums[0] + l.terms[0]) * s.Column, xCol: sum, rows: s.Rows}
	if t.number > 0 {
		w.xCol = term
	}
	w.xGroup, w.xBlock = t.factors*term, t.sums*sum
	w.aNext, w.xNext = s.A-t.groups*t.factors*s.Column, s.X-t.groups*w.xGroup
	return w
}

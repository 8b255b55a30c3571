//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func depthwiseF32(y []float32, yStep int, init []float32, initStep int, a, x []float32, channels int, l *Line, rows []Row, s Steps) {
	kernel, wide, group := depthwiseF32AVX512, 1, 32 // shapes other than 0 want a multiple of wide channels
	switch cpu.Current() {
	case cpu.AVX2:
		kernel, wide, group = depthwiseF32AVX2, 8, 8
	case cpu.Generic:
		depthwiseF32Generic(y, yStep, init, initStep, a, x, channels, l, rows, s)
		return
	}
	s.To = Target(s.To.pastRows(y, yStep, rows))
	if s.To == Memory && len(rows) > 1 && group < cacheLine {
		// The other half of a line has to follow soon, not after all rows.
		ahead := s.Ahead
		for i := range rows {
			for k, x := range ahead {
				n := len(x) / (len(rows) - i)
				s.Ahead[k], ahead[k] = x[:n], x[n:]
			}
			depthwiseF32(y, yStep, init, initStep, a, x, channels, l, rows[i:i+1], s)
		}
		return
	}
	terms := 0
	for i := range rows {
		terms += rows[i].Terms
	}
	run := func(t *tiling, first, n int) {
		w := l.walk(t, s)
		lines := ceil(len(s.Ahead[0])+len(s.Ahead[1]), cacheLine*max(1, l.groups(t)*terms*ceil(n, group)))
		kernel(y[first:], init[first:], yStep, initStep, from(a, first), from(x, first),
			w.aCol, w.aNext, w.at, w.xCol, w.xGroup, w.xBlock, w.xNext, t.groups, n, &rows[0].Y, len(rows), t.reach, t.number,
			s.Ahead[0], s.Ahead[1], lines, s.To == Memory)
		s.Ahead = [2][]float32{}
	}
	whole := l.floats.split(channels, wide)
	if whole > 0 {
		run(&l.floats, 0, whole)
	}
	if whole < channels {
		run(&l.any, whole, channels-whole)
	}
}

func depthwiseU8S8(y []float32, yStep int, scale float32, bias []float32, a []int8, x []uint8, channels int, l *Line, rows []Row, s Steps) {
	kernel, whole := depthwiseU8S8AVX512, l.codes.split(channels, 32)
	switch cpu.Current() {
	case cpu.AVX2:
		kernel, whole = depthwiseU8S8AVX2, 0
	case cpu.Generic:
		depthwiseU8S8Generic(y, yStep, scale, bias, a, x, channels, l, rows, s)
		return
	}
	stream := s.To.pastRows(y, yStep, rows)
	run := func(t *tiling, first, n int) {
		w := l.walk(t, s)
		kernel(y[first:], bias[first:], yStep, scale, from(a, first), from(x, first),
			w.aCol, w.aNext, w.at, w.xCol, w.xGroup, w.xBlock, w.xNext, t.groups, n, &rows[0].Y, len(rows), t.reach, t.number, stream)
	}
	if whole > 0 {
		run(&l.codes, 0, whole)
	}
	if whole < channels {
		run(&l.any, whole, channels-whole)
	}
}

// pastRows is past for sums of depthwise convolutions, which all begin with a cache
// line then.
func (t Target) pastRows(y []float32, yStep int, rows []Row) bool {
	starts := yStep
	for i := range rows {
		starts |= rows[i].Y
	}
	return t.past(y, starts)
}

// from returns an array from a channel on. Where there are no terms, it may have
// fewer.
func from[T any](x []T, channel int) []T { return x[min(channel, len(x)):] }

// split returns how many channels a tiling computes: a multiple of wide, none
// in shape 0.
func (t *tiling) split(channels, wide int) int {
	if t.number == 0 {
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
}

func (l *Line) walk(t *tiling, s Steps) walk {
	if t.groups == 0 {
		return walk{}
	}
	sum, term := distance(l.sums)*s.Column, distance(l.terms)*s.Column
	w := walk{aCol: s.Column, at: (l.sums[0] + l.terms[0]) * s.Column, xCol: sum}
	if t.number > 0 {
		w.xCol = term
	}
	w.xGroup, w.xBlock = t.factors*term, t.sums*sum
	w.aNext, w.xNext = s.A-t.groups*t.factors*s.Column, s.X-t.groups*w.xGroup
	return w
}

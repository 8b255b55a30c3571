package autograd

import "github.com/AlarioAI/bitnet/internal/kernel"

// A table is an NHWC tensor seen as rows of C channels and cut into blocks for
// the workers. Kernels want at least 16 columns, so rep rows of a few channels
// count as one row of rep*C columns.
type table struct {
	c, rep    int
	rows      int // of c channels
	blockRows int // a multiple of rep
}

// blockValues is about how many values of a block stay in the first cache
// while a reduction goes over them twice.
const blockValues = 1 << 13

func newTable(n, c int) table {
	rep := 1
	for rep*c%16 != 0 {
		rep *= 2
	}
	return table{c: c, rep: rep, rows: n / c, blockRows: rep * max(1, blockValues/(c*rep))}
}

func (b table) blocks() int { return (b.rows + b.blockRows - 1) / b.blockRows }

// wide returns how many columns the wide rows have.
func (b table) wide() int { return b.c * b.rep }

// block returns the values [lo, hi) of block i: whole rows.
func (b table) block(i int) (lo, hi int) {
	return i * b.blockRows * b.c, min((i+1)*b.blockRows, b.rows) * b.c
}

// whole returns how many of n values, counted from the start of a row, fill
// wide rows; the last rows may not.
func (b table) whole(n int) int { return n - n%b.wide() }

// Channels are put together from their blocks in groups, so that what is read
// lies side by side.
const groupChannels = 64

func (b table) groups() int { return (b.c + groupChannels - 1) / groupChannels }

// group returns the channels [first, end) of group i.
func (b table) group(i int) (first, end int) {
	return i * groupChannels, min((i+1)*groupChannels, b.c)
}

// repeat returns v, one value for each channel, repeated for wide rows.
func (b table) repeat(dst, v []float32) []float32 {
	for i := 0; i < b.wide(); i += b.c {
		copy(dst[i:], v[:b.c])
	}
	return dst[:b.wide()]
}

// fold adds the sums of wide columns up to one for each channel.
func (b table) fold(wide []float32) {
	for i := b.c; i < b.wide(); i++ {
		wide[i%b.c] += wide[i]
	}
}

// AddColumnSums adds sum(rows) x[row, c] to dst[c], c < len(dst): the gradient
// of a bias. Blocks are added up in order.
func AddColumnSums(t *Tape, dst, x []float32) {
	s := newStack(1, len(x)/len(dst), len(dst))
	partial := s.sums(t, x)
	for i := range s.blocks() {
		kernel.Add(dst, dst, partial[i*s.wide():][:s.c])
	}
	t.arena.Release(partial)
}

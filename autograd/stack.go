package autograd

import "github.com/AlarioAI/bitnet/internal/kernel"

// A stack is n tables of one size, one after the other: the images of a batch.
// The workers share out the blocks of all tables.
type stack struct {
	table
	n int
}

// newStack returns a stack of n tables, each of so many rows of c channels.
func newStack(n, rows, c int) stack { return stack{newTable(rows*c, c), n} }

// each calls f for every block with its number, the number i of its table, and
// the values [lo, hi) of the stack that are in it.
func (s stack) each(t *Tape, f func(block, i, lo, hi int)) {
	blocks, size := s.blocks(), s.rows*s.c
	t.workers.For(s.n*blocks, func(block int) {
		i := block / blocks
		lo, hi := s.block(block % blocks)
		f(block, i, i*size+lo, i*size+hi)
	})
}

// A stack's sums over rows come in two steps: sumBlock for every block, in any
// order, then totals. partialSums is how many values lie between them.
func (s stack) partialSums() int { return s.n * s.blocks() * s.wide() }

// sumBlock sums up the columns of x, the rows of a block.
func (s stack) sumBlock(partial []float32, block int, x []float32) {
	sums, mid := partial[block*s.wide():][:s.wide()], s.whole(len(x))
	clear(sums)
	kernel.ColumnSums(sums, x[:mid])
	kernel.ColumnSums(sums[:s.c], x[mid:])
	s.fold(sums)
}

// totals writes the sums of table i to dst[i*c:(i+1)*c]; blocks are added up in
// order.
func (s stack) totals(dst, partial []float32) {
	clear(dst)
	for block := range s.n * s.blocks() {
		into := dst[block/s.blocks()*s.c:][:s.c]
		kernel.Add(into, into, partial[block*s.wide():][:s.c])
	}
}

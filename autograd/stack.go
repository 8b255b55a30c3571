package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
)

// A stack is n tables of one size, one after the other: the images of a batch.
// The workers share out the blocks of all tables.
type stack struct {
	table
	n int
}

// newStack returns a stack of n tables, each of so many rows of c channels.
func newStack(n, rows, c int) stack { return stack{newTable(rows*c, c), n} }

// A span is a block of a stack: its number, the number of its table, and the
// values [lo, hi) of the stack that are in it.
type span struct{ block, table, lo, hi int }

// spans calls f for every block, with the work that it gets as in
// parallel.Share.
func spans[T any](t *Tape, s stack, work T, f func(work *T, b span)) {
	parallel.Run(t.workers, s.n*s.blocks(), spanTask[T]{s, work, f})
}

type spanTask[T any] struct {
	stack
	work T
	f    func(work *T, b span)
}

func (s *spanTask[T]) Chunk(_, block int) {
	i, size := block/s.blocks(), s.rows*s.c
	lo, hi := s.block(block % s.blocks())
	s.f(&s.work, span{block, i, i*size + lo, i*size + hi})
}

// sums returns the sums over the rows of each table of x, block by block.
func (s stack) sums(t *Tape, x []float32) (partial []float32) {
	partial = t.arena.Floats(s.partialSums())
	type work struct {
		stack
		partial, x []float32
	}
	spans(t, s, work{s, partial, x}, func(w *work, b span) { w.sumBlock(w.partial, b.block, w.x[b.lo:b.hi]) })
	return partial
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

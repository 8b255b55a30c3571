package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/moments"
	"github.com/AlarioAI/bitnet/internal/parallel"
)

// batchMoments takes the moments of each channel. Each block takes its own mean
// and then the squares around it, while it is in the cache.
func batchMoments(t *Tape, b table, x []float32) moments.Table {
	type work struct {
		table
		x     []float32
		taken moments.Table
	}
	m := moments.Table{Rows: b.rows, Step: b.blockRows, Columns: b.c, Stride: b.wide()}
	m.Values = t.arena.Floats(m.Len())
	parallel.Share(t.workers, b.blocks(), work{b, x, m}, func(b *work, _, i int) {
		x := b.x
		lo, hi := b.block(i)
		mid := lo + b.whole(hi-lo)
		mean, sums, squares := b.taken.Block(i)
		clear(mean)
		clear(sums) // around the mean, but for rounding
		clear(squares)
		kernel.ColumnSums(mean, x[lo:mid])
		kernel.ColumnSums(mean[:b.c], x[mid:hi])
		b.fold(mean)
		rows := float32((hi - lo) / b.c)
		for j := range b.c {
			mean[j] /= rows
		}
		b.repeat(mean, mean)
		kernel.ColumnSquares(squares, x[lo:mid], mean)
		kernel.ColumnSquares(squares[:b.c], x[mid:hi], mean[:b.c])
		b.fold(squares)
	})
	return m
}

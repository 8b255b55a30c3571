package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
)

// batchMoments computes mean and biased variance of each channel. Each block
// takes its own mean and then the squares around it, while it is in the cache;
// the blocks are combined in order (Chan, Golub and LeVeque, 1979).
func batchMoments(t *Tape, b table, x, mean, variance []float32) {
	wide := b.wide()
	partial := t.arena.Floats(b.blocks() * 2 * wide) // of each block: sums, then squares
	type work struct {
		table
		x, partial []float32
	}
	parallel.Share(t.workers, b.blocks(), work{b, x, partial}, func(b *work, _, i int) {
		x, wide := b.x, b.wide()
		lo, hi := b.block(i)
		mid := lo + b.whole(hi-lo)
		sums, squares := b.partial[2*i*wide:][:wide], b.partial[(2*i+1)*wide:][:wide]
		clear(sums)
		clear(squares)
		kernel.ColumnSums(sums, x[lo:mid])
		kernel.ColumnSums(sums[:b.c], x[mid:hi])
		b.fold(sums)
		rows := float32((hi - lo) / b.c)
		for j := range b.c {
			sums[j] /= rows
		}
		b.repeat(sums, sums)
		kernel.ColumnSquares(squares, x[lo:mid], sums)
		kernel.ColumnSquares(squares[:b.c], x[mid:hi], sums[:b.c])
		b.fold(squares)
	})
	parallel.Share(t.workers, b.groups(), combination{b, partial, mean, variance}, (*combination).combine)
	t.arena.Release(partial)
}

// A combination makes the moments of channels of those of their blocks.
type combination struct {
	table
	partial, mean, variance []float32
}

func (c *combination) combine(_, group int) {
	first, end := c.group(group)
	var m, s [groupChannels]float64
	n := 0.0
	for i := range c.blocks() {
		lo, hi := c.block(i)
		rows := float64((hi - lo) / c.c)
		share := rows / (n + rows)
		both := c.partial[2*i*c.wide():][:2*c.wide()]
		means, squares := both[first:end], both[c.wide()+first:][:end-first]
		for j, mean := range means {
			delta := float64(mean) - m[j]
			m[j] += delta * share
			s[j] += float64(squares[j]) + delta*delta*(n*share)
		}
		n += rows
	}
	for j := range end - first {
		c.mean[first+j], c.variance[first+j] = float32(m[j]), float32(s[j]/n)
	}
}

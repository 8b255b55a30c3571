package autograd

import "github.com/AlarioAI/bitnet/internal/kernel"

// batchMoments computes mean and biased variance of each channel. Each block
// takes its own mean and then the squares around it, while it is in the cache;
// the blocks are combined in order (Chan, Golub and LeVeque, 1979).
func batchMoments(t *Tape, b table, x, mean, variance []float32) {
	wide := b.wide()
	partial := t.arena.Floats(b.blocks() * 2 * wide) // of each block: sums, then squares
	t.workers.For(b.blocks(), func(i int) {
		lo, hi := b.block(i)
		mid := lo + b.whole(hi-lo)
		sums, squares := partial[2*i*wide:][:wide], partial[(2*i+1)*wide:][:wide]
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
	for j := range b.c {
		n, m, s := 0.0, 0.0, 0.0
		for i := range b.blocks() {
			lo, hi := b.block(i)
			rows := float64((hi - lo) / b.c)
			delta := float64(partial[2*i*wide+j]) - m
			s += float64(partial[(2*i+1)*wide+j]) + delta*delta*n*rows/(n+rows)
			n += rows
			m += delta * rows / n
		}
		mean[j], variance[j] = float32(m), float32(s/n)
	}
	t.arena.Release(partial)
}

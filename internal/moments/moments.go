// Package moments puts mean and variance of columns together from those of
// blocks of rows.
package moments

import "github.com/AlarioAI/bitnet/internal/parallel"

// A Table holds, for every block of rows of a matrix, sums around a center of the
// block's own, column by column:
//
//	sums[j]    = sum(i) (x[i,j] - center[j])
//	squares[j] = sum(i) (x[i,j] - center[j])^2
//
// The nearer the centers are to the means, the less is lost by cancellation; any
// value of the column is near enough.
type Table struct {
	Rows, Step int // of the matrix and of a block; the last one may have fewer
	Columns    int
	Stride     int // from one array of a block to the next, at least Columns
	Values     []float32
}

// Blocks returns the number of blocks.
func (t Table) Blocks() int { return (t.Rows + t.Step - 1) / t.Step }

// Len returns how many values the table has.
func (t Table) Len() int { return 3 * t.Stride * t.Blocks() }

// Block returns the arrays of block i, Stride values each.
func (t Table) Block(i int) (center, sums, squares []float32) {
	s := t.Stride
	v := t.Values[3*i*s:][:3*s]
	return v[:s], v[s : 2*s], v[2*s:]
}

// rows returns the number of rows of block i.
func (t Table) rows(i int) int { return min(t.Step, t.Rows-i*t.Step) }

// Combine computes mean and biased variance of each column. The blocks are
// combined in order (Chan, Golub and LeVeque, 1979), in float64.
func (t Table) Combine(workers *parallel.Pool, mean, variance []float32) {
	parallel.Run(workers, (t.Columns+groupColumns-1)/groupColumns, combination{t, mean, variance})
}

// Columns are combined in groups, so that what is read lies side by side.
const groupColumns = 64

type combination struct {
	t              Table
	mean, variance []float32
}

func (c *combination) Chunk(_, group int) {
	first := group * groupColumns
	end := min(first+groupColumns, c.t.Columns)
	var m, s [groupColumns]float64
	n := 0.0
	for i := range c.t.Blocks() {
		center, sums, squares := c.t.Block(i)
		rows := float64(c.t.rows(i))
		share, each := rows/(n+rows), 1/rows
		for j := range end - first {
			sum := float64(sums[first+j])
			off := sum * each // of the block's mean from its center
			delta := float64(center[first+j]) + off - m[j]
			m[j] += delta * share
			s[j] += float64(squares[first+j]) - sum*off + delta*delta*(n*share)
		}
		n += rows
	}
	for j := range end - first {
		c.mean[first+j], c.variance[first+j] = float32(m[j]), float32(max(0, s[j]/n))
	}
}

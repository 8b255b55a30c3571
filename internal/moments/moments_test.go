package moments

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
)

// fill takes the moments of a matrix, block by block, around rows of it or around
// zero.
func fill(t *Table, x []float32, aroundRow bool) {
	t.Values = make([]float32, t.Len())
	for i := range t.Blocks() {
		center, sums, squares := t.Block(i)
		first := i * t.Step
		if aroundRow {
			copy(center, x[first*t.Columns:][:t.Columns])
		}
		for r := first; r < first+t.rows(i); r++ {
			for j, v := range x[r*t.Columns:][:t.Columns] {
				d := v - center[j]
				sums[j] += d
				squares[j] += d * d
			}
		}
	}
}

func TestCombine(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, m := range []Table{
		{Rows: 1, Step: 1, Columns: 3, Stride: 3},
		{Rows: 2, Step: 7, Columns: 1, Stride: 16},
		{Rows: 100, Step: 9, Columns: 65, Stride: 65},
		{Rows: 1000, Step: 100, Columns: 128, Stride: 130},
	} {
		x := make([]float32, m.Rows*m.Columns)
		for i := range x {
			x[i] = float32(20 + float64(i%m.Columns)*rng.NormFloat64())
		}
		for _, aroundRow := range []bool{true, false} {
			fill(&m, x, aroundRow)
			mean, variance := make([]float32, m.Columns), make([]float32, m.Columns)
			m.Combine(workers, mean, variance)
			for j := range m.Columns {
				var sum, squares float64
				for i := j; i < len(x); i += m.Columns {
					sum += float64(x[i])
				}
				sum /= float64(m.Rows)
				for i := j; i < len(x); i += m.Columns {
					squares += (float64(x[i]) - sum) * (float64(x[i]) - sum)
				}
				squares /= float64(m.Rows)
				around := 0.0 // square of the distance of the center from the mean, at most
				if !aroundRow {
					around = sum * sum
				}
				if math.Abs(float64(mean[j])-sum) > 1e-6*(math.Abs(sum)+math.Sqrt(squares)) || math.Abs(float64(variance[j])-squares) > 4e-6*(squares+around) {
					t.Errorf("%d rows, column %d of %d: mean %v and variance %v, want %v and %v", m.Rows, j, m.Columns, mean[j], variance[j], sum, squares)
				}
			}
		}
	}
}

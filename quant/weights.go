package quant

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// weightEps keeps the absmean of an all-zero weight from dividing by zero.
const weightEps = 1e-7

// Weights writes the codes of the weights w and returns their scale, so that
// scale*codes[i] approximates w[i]. With beta = mean(|w|):
//
//	alario, b158   codes[i] = clamp(round(w[i] / (beta + 1e-7)), -1, 1)
//	b1             codes[i] = +1 where w[i] > mean(w), else -1
//
// Float has no codes: Weights panics.
//
// Scratch memory is the arena's, which may be nil.
// (arXiv 2402.17764, equations 1 to 3; arXiv 2310.11453, equations 1 to 3 and 12).
func (r Recipe) Weights(workers *parallel.Pool, arena *tensor.Arena, codes []int8, w []float32) (scale float32) {
	if r == Float {
		panic("quant.Weights: the recipe float has no codes")
	}
	beta := mean(workers, arena, w, kernel.SumAbs)
	var low, high float32 // codes are -1 below and +1 above
	if r.binary() {
		high = below(mean(workers, arena, w, kernel.Sum))
		low = math.Nextafter32(high, float32(math.Inf(1)))
	} else {
		// round(q) is +1 for q > 1/2, and 0 for 1/2 itself.
		high = below(0.5 * (beta + weightEps))
		low = -high
	}
	type signs struct {
		codes     []int8
		w         []float32
		low, high float32
	}
	parallel.Blocks(workers, len(w), block, signs{codes, w, low, high}, func(s *signs, lo, hi int) {
		kernel.SignsS8(s.codes[lo:hi], s.w[lo:hi], s.low, s.high)
	})
	return float32(beta)
}

// below returns the largest float32 that is not above x: a float32 is greater
// than it exactly where it is greater than x. So no code depends on how a
// threshold is rounded.
func below(x float64) float32 {
	v := float32(x)
	if float64(v) > x {
		v = math.Nextafter32(v, float32(math.Inf(-1)))
	}
	return v
}

const block = 1 << 13

// mean returns the mean of a quantity that sum adds up, to about nine digits:
// float32 sums of few values, added in float64. The blocks' sums are added in
// order.
func mean(workers *parallel.Pool, arena *tensor.Arena, x []float32, sum func([]float32) float32) float64 {
	type sums struct {
		partial []float64
		x       []float32
		sum     func([]float32) float32
	}
	partial := arena.Doubles((len(x) + block - 1) / block)
	parallel.Blocks(workers, len(x), block, sums{partial, x, sum}, func(s *sums, lo, hi int) {
		total := 0.0
		for part := range parts(s.x[lo:hi]) {
			total += float64(s.sum(part))
		}
		s.partial[lo/block] = total
	})
	total := 0.0
	for _, s := range partial {
		total += s
	}
	return total / float64(len(x))
}

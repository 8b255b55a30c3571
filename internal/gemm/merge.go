package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Groups of few channels (4 in the first stage of ResNeXt-50) leave most of a
// tile idle, and each of them reads all pixels for a few values. So groups that
// fit into a tile together are computed as one, whose weight is zero where an
// output belongs to one group and an input to another: as many products
// as before, in fewer tiles. A NaN or an infinity of one group reaches the
// others.

// merged returns the geometry with groups put together, as many as half the
// columns of a tile hold.
func (c Conv) merged() Conv {
	together := min(c.Groups, kernel.TileF32().NR/2/max(c.C/c.Groups, c.O/c.Groups))
	for together > 1 && c.Groups%together != 0 {
		together--
	}
	c.Groups /= max(1, together)
	return c
}

// spread writes the weight [O, KH, KW, C/Groups] of p into that of the merged
// plan.
func spread[T any](workers *parallel.Pool, p *Plan, wide, w []T) {
	p.eachTap(workers, func(to, from, n int) {
		copy(wide[to:][:n], w[from:])
	})
}

// eachTap calls f for all taps of all filters: where the merged weight has the
// n values of a tap, and where the weight has them.
func (p *Plan) eachTap(workers *parallel.Pool, f func(wide, w, n int)) {
	n, wide, outs := p.C/p.Groups, p.C/p.merged.Groups, p.O/p.Groups
	workers.For(p.O, func(o int) {
		first := o / outs * n % wide
		for tap := range p.KH * p.KW {
			at := o*p.KH*p.KW + tap
			f(at*wide+first, at*n, n)
		}
	})
}

// spreadFloats returns w as a weight of the merged plan.
func (p *Plan) spreadFloats(workers *parallel.Pool, arena *tensor.Arena, w []float32) []float32 {
	wide := arena.Floats(p.O * p.merged.K())
	clear(wide)
	spread(workers, p, wide, w)
	return wide
}

// spreadCodes returns codes as those of the merged plan.
func (p *Plan) spreadCodes(workers *parallel.Pool, arena *tensor.Arena, codes []int8) []int8 {
	wide := arena.Codes(p.O * p.merged.K())
	clear(wide)
	spread(workers, p, wide, codes)
	return wide
}

// mergedWeightGradient adds what belongs to the groups of the merged plan's
// gradient.
func (p *Plan) mergedWeightGradient(workers *parallel.Pool, arena *tensor.Arena, dw, dy, x []float32, n int) {
	wide := arena.Floats(p.O * p.merged.K())
	clear(wide)
	p.merged.WeightGradient(workers, arena, wide, dy, x, n)
	p.eachTap(workers, func(from, to, n int) {
		kernel.Add(dw[to:][:n], dw[to:][:n], wide[from:][:n])
	})
	arena.Release(wide)
}

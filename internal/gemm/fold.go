package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// The input gradient of few channels (6 in the second layer of LeNet-5) fills a part of
// a vector only. So what an output pixel says of all columns of a filter's row is
// computed at once, as the input gradient of a filter of one column and of KW*C
// channels,
//
//	wide[i,h,ow,kw,c] = sum(o, kh) dy[i,oh,ow,o] * W[o,kh,kw,c]  where oh*SH+kh*DH-PH = h
//
// and what lies above the same pixel is added up:
//
//	dx[i,h,w,c] = sum(kw, ow with ow+kw-PW = w) wide[i,h,ow,kw,c]

// folds reports whether the input gradient is faster that way: in fewer lanes than those
// of a pixel for each column of the filter.
func (c Conv) folds() bool {
	t := kernel.TileF32()
	return kernel.HasFold() && c.Groups == 1 && c.SW == 1 && c.DW == 1 && c.KW > 1 && c.C <= kernel.MaxFold &&
		c.KW*c.C <= t.NR && t.Width(c.KW*c.C) < c.KW*kernel.MaxFold
}

// wide returns the geometry of the gradient that is folded. Its channels fill a panel, so
// that whole tiles are stored.
func (c Conv) wide() Conv {
	c.W, c.C = c.OutW(), kernel.TileF32().Width(c.KW*c.C)
	c.KW, c.PW = 1, 0
	return c
}

// foldedInputGradient takes some samples at a time, whose wide gradients stay in the
// caches until they are folded.
func foldedInputGradient[W float32 | int8](p *Plan, workers *parallel.Pool, arena *tensor.Arena, dx, dy []float32, n int, w []W) {
	const near, task = 1 << 18, 1 << 12 // values of the wide gradient
	q := p.folded
	xLen, yLen, wideLen := p.H*p.W*p.C, q.OutH()*q.OutW()*q.O, q.H*q.W*q.C
	some := max(1, min(n, near/wideLen))
	wide, weight := arena.Floats(some*wideLen), arena.Floats(q.O*q.K())
	clear(weight)
	for row := range p.O * p.KH {
		floatsOf(weight[row*q.C:], w[row*p.KW*p.C:][:p.KW*p.C])
	}
	for first := 0; first < n; first += some {
		count := min(some, n-first)
		inputGradient(q, workers, arena, wide, dy[first*yLen:][:count*yLen], count, weight)
		parallel.Blocks(workers, count*p.H, max(1, task/(q.W*q.C)), folding{p, dx[first*xLen:], wide}, (*folding).rows)
	}
	arena.Release(weight)
	arena.Release(wide)
}

// A folding adds up the rows of samples.
type folding struct {
	p        *Plan
	dx, wide []float32
}

func (t *folding) rows(first, end int) {
	p, q := t.p, t.p.folded
	line, wide := p.W*p.C, q.W*q.C
	for h := first; h < end; h++ {
		kernel.FoldRow(t.dx[h*line:][:line], t.wide[h*wide:][:wide], p.C, p.KW, q.C, p.PW)
	}
}

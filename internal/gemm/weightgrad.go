package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// WeightGradient adds the gradient of the weight [O, KH, KW, C/Groups],
//
//	dw[o,kh,kw,c] += sum(i, oh, ow) dy[i,oh,ow,o] * x[i, oh*SH+kh*DH-PH, ow*SW+kw*DW-PW, c]
//
// for n samples; x lies bare or in the frame p.Input, its length tells which.
// Both have slack behind them. The sum is cut into chunks that depend on the
// problem only and added up in their order, so the bits do not depend on the
// number of workers.
func (p *Plan) WeightGradient(workers *parallel.Pool, arena *tensor.Arena, dw, dy, x []float32, n int) {
	if p.depthwise != nil {
		p.depthwiseWeightGradient(workers, arena, dw, dy, x, n)
		return
	}
	if p.merged != nil {
		p.mergedWeightGradient(workers, arena, dw, dy, x, n)
		return
	}
	g, xLen := &p.forward.bare[0], p.forward.bareLen()
	if len(x) == n*p.Input.Len() {
		g, xLen = &p.forward.framed[0], p.Input.Len()
	}
	sum := g.outerSum(p, kernel.TileOuter(), n, 1, false)
	sum.begin(arena, dw)
	parallel.Run(workers, sum.tasks(), floatOuter{sum, dy, x, p.OutH() * p.OutW() * p.O, xLen, 4*p.C*pixelBlock > 1<<19})
	sum.end(workers, arena)
}

type floatOuter struct {
	outerSum
	dy, x       []float32
	dyLen, xLen int  // of a sample
	long        bool // the pixels of a block fill most of the second cache
}

func (o *floatOuter) Chunk(_, task int) {
	t := o.task(task)
	var pixels [pixelBlock]kernel.Pixel
	for step := t.first; step < t.end; {
		b := o.block(step, t.end)
		step += b.count
		i := 0
		for sample, seen := range o.g.within(b.class, b.first, b.count) {
			dy, x, outs := sample*o.dyLen, sample*o.xLen, o.g.outs[seen.first:seen.end]
			for p, row := range o.g.rows[seen.first:seen.end] {
				pixels[i] = kernel.Pixel{G: dy + outs[p], X: x + row}
				i++
			}
		}
		// Either the gradients of a strip stay in the first cache or, where the values of
		// x fill most of the second one, those of a tile's columns stay in it, and are
		// cold for the first strip.
		columns := o.columns[b.class]
		for tile := range len(t.strips) * len(columns) {
			i, j := tile/len(columns), tile%len(columns)
			if o.long {
				i, j = tile%len(t.strips), tile/len(t.strips)
			}
			s, cols := t.strips[i], columns[j]
			kernel.OuterF32(o.stripOf(t.sums, i), o.ldc, o.tile.Height(s.end-s.first), cols.lanes, o.dy[s.first:], o.x[s.group*o.g.depth:], o.long && i == 0, pixels[:b.count], cols.list)
		}
	}
}

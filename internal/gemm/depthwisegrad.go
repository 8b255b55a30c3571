package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// The weight gradient of a depthwise convolution has a sum for each tap, whose
// terms are the pixels of dy,
//
//	dw[kh,kw,c] += sum(oh, ow) dy[oh,ow,c] * x[oh*SH+kh*DH-PH, ow*SW+kw*DW-PW, c]
//
// A call of the kernel computes the sums of one row of the filter over some
// rows of dy.

// gradStrip is the number of channels that a call computes.
const gradStrip = 64

func (p *Plan) depthwiseWeightGradient(workers *parallel.Pool, arena *tensor.Arena, dw, dy, x []float32, n int) {
	// Large images are read in the order of memory. Small ones are rather cut
	// by channels, which takes fewer partial sums.
	width, tasks := gradStrip, rowTasks/2
	if p.large(n) {
		width, tasks = p.C, rowTasks
	}
	strips, total := (p.C+width-1)/width, n*p.OutH()
	chunks := min((tasks+strips-1)/strips, total)
	g := depthwiseGrad{p: p, n: n, dw: dw, dy: dy, x: x, width: width, strips: strips, total: total, chunks: chunks}
	g.sums, g.unpacked = arena.Floats(chunks*g.size()), arena.Floats(g.size())
	parallel.Run(workers, chunks*strips, tapSumming{g})
	parallel.Run(workers, (p.C+gradStrip-1)/gradStrip, tapMerging{g})
	arena.Release(g.unpacked)
	arena.Release(g.sums)
}

// depthwiseGrad is a weight gradient: sums of so many channels (width) over parts
// of the total of rows, [chunks][taps][C].
type depthwiseGrad struct {
	p                            *Plan
	n                            int
	sums, dw, dy, x, unpacked    []float32
	width, strips, total, chunks int
}

// size returns the number of sums of a chunk.
func (g *depthwiseGrad) size() int { return g.p.KH * g.p.KW * g.p.C }

type tapSumming struct{ depthwiseGrad }

func (g *tapSumming) Chunk(_, task int) {
	c, chunk := task%g.strips*g.width, task/g.strips
	rows := interval{g.total * chunk / g.chunks, g.total * (chunk + 1) / g.chunks}
	g.p.tapSums(g.sums[chunk*g.size():][:g.size()], g.dy, g.x, c, min(c+g.width, g.p.C), rows, g.n)
}

// tapMerging adds up the chunks and brings them into the weight's order.
type tapMerging struct{ depthwiseGrad }

func (g *tapMerging) Chunk(_, i int) {
	taps, size, channels, c := g.p.KH*g.p.KW, g.size(), g.p.C, i*gradStrip
	n := min(gradStrip, channels-c)
	for t := range taps {
		for chunk := 1; chunk < g.chunks; chunk++ {
			kernel.Add(g.sums[t*channels+c:][:n], g.sums[t*channels+c:][:n], g.sums[chunk*size+t*channels+c:][:n])
		}
	}
	to, from := g.dw[c*taps:][:n*taps], g.unpacked[c*taps:][:n*taps]
	kernel.Transpose(from, taps, g.sums[c:size], channels, taps, n, 1)
	kernel.Add(to, to, from)
}

// tapSums writes the sums of channels [c, end) over some rows of dy, counted
// over all of the n images.
func (p *Plan) tapSums(sums, dy, x []float32, c, end int, rows interval, n int) {
	for t := range p.KH * p.KW {
		clear(sums[t*p.C:][c:end])
	}
	large, strips := p.large(n), (end-c+gradStrip-1)/gradStrip
	for now := p.rowsOfCall(rows); now.first < now.end; now = p.rowsOfCall(interval{now.end, rows.end}) {
		// What the next calls read: the first row of the filter looks ahead in
		// dy, the others in x.
		var dyAhead, xAhead portions
		if next := p.rowsOfCall(interval{now.end, rows.end}); large && next.first < next.end {
			seen := p.seenBy(next)
			dyAhead = portions{interval{next.first * p.OutW() * p.C, next.end * p.OutW() * p.C}, strips}
			xAhead = portions{interval{max(seen.first, p.seenBy(now).end), seen.end}, strips * (p.KH - 1)}
		}
		for c := c; c < end; c += gradStrip {
			p.addRows(sums[c:], dy[c:], x[c:], min(gradStrip, end-c), 0, now, dyAhead.next().of(dy))
			for kh := 1; kh < p.KH; kh++ {
				p.addRows(sums[c:], dy[c:], x[c:], min(gradStrip, end-c), kh, now, xAhead.next().of(x))
			}
		}
	}
}

// rowsOfCall returns the first of some rows of dy: those of one call of the
// kernel, in one image.
func (p *Plan) rowsOfCall(rows interval) interval {
	const pixels = 256
	image := rows.first / p.OutH()
	return interval{rows.first, min(rows.first+max(1, pixels/p.OutW()), rows.end, (image+1)*p.OutH())}
}

// seenBy returns the values of x that some rows of dy, of one image, see.
func (p *Plan) seenBy(rows interval) interval {
	image, low, high := rows.first/p.OutH(), rows.first%p.OutH(), (rows.end-1)%p.OutH()
	first, end := max(0, low*p.SH-p.PH), min(p.H, high*p.SH-p.PH+(p.KH-1)*p.DH+1)
	return interval{image*p.Input.Len() + first*p.Input.RowLen(), image*p.Input.Len() + end*p.Input.RowLen()}
}

// addRows adds to the sums of filter row kh the terms of some rows of dy, of one
// image.
func (p *Plan) addRows(sums, dy, x []float32, channels, kh int, rows interval, ahead []float32) {
	image := rows.first / p.OutH()
	low, high := rows.first-image*p.OutH(), rows.end-image*p.OutH()
	top := kh*p.DH - p.PH // the row of x that row 0 of dy meets
	for low < high && low*p.SH+top < 0 {
		low++
	}
	for low < high && (high-1)*p.SH+top >= p.H {
		high--
	}
	if low == high {
		return
	}
	sums = sums[kh*p.KW*p.C:]
	dy = dy[image*p.depthwise.forward.to+low*p.OutW()*p.C:]
	x = x[image*p.Input.Len()+(low*p.SH+top)*p.Input.RowLen():]
	kernel.DepthwiseF32(sums, p.C, sums, p.C, dy, x, channels, p.depthwise.weights, kernel.Steps{
		Rows: high - low, A: p.OutW() * p.C, X: p.SH * p.Input.RowLen(), Column: p.C, Ahead: ahead,
	})
}

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
// A call of the kernel computes the sums over some bars of dy. A bar is so few
// rows that they stay in the level 1 cache, with those of x that they meet, while
// one row of the filter after the other goes over them.

// gradStrip is the number of channels in a task that has not all of them.
const gradStrip = 64

// tapsOfRows is the table of a weight gradient.
type tapsOfRows struct {
	line *kernel.Line
	rows []kernel.Row // of an image: for each bar and each row of the filter
	bar  int          // rows of dy
	bars int          // in an image
}

func (p *Plan) newTapsOfRows(line *kernel.Line, pitch int) tapsOfRows {
	const pixels = 32 // of a bar, unless a row has more
	t := tapsOfRows{line: line, bar: min(max(1, pixels/p.OutW()), p.OutH())}
	for first := 0; first < p.OutH(); first += t.bar {
		t.bars++
		for kh := range p.KH {
			row := kernel.Row{Y: kh * p.KW * p.C, Init: kh * p.KW * p.C}
			low, high := first, min(first+t.bar, p.OutH())
			top := kh*p.DH - p.PH // the row of x that row 0 of dy meets
			for low < high && low*p.SH+top < 0 {
				low++
			}
			for low < high && (high-1)*p.SH+top >= p.H {
				high--
			}
			if low < high {
				row.A, row.X, row.Terms = low*p.OutW()*pitch, (low*p.SH+top)*p.W*pitch, high-low
			}
			t.rows = append(t.rows, row)
		}
	}
	return t
}

func (p *Plan) depthwiseWeightGradient(workers *parallel.Pool, arena *tensor.Arena, dw, dy, x []float32, n int) {
	x, dy = p.apart(workers, arena, x), p.apart(workers, arena, dy)
	defer p.releaseApart(arena, x)
	defer p.releaseApart(arena, dy)
	// Large images are read in the order of memory. Small ones are rather cut
	// by channels, which takes fewer partial sums.
	width, tasks := gradStrip, rowTasks/2
	if p.large(n, 4) {
		width, tasks = p.C, rowTasks
	}
	strips, total := (p.C+width-1)/width, n*p.depthwise.weights.bars
	chunks := min((tasks+strips-1)/strips, total)
	g := depthwiseGrad{p: p, n: n, dw: dw, dy: dy, x: x, width: width, strips: strips, total: total, chunks: chunks}
	g.sums, g.unpacked = arena.Floats(chunks*g.size()), arena.Floats(g.size())
	parallel.Run(workers, chunks*strips, tapSumming{g})
	parallel.Run(workers, (p.C+gradStrip-1)/gradStrip, tapMerging{g})
	arena.Release(g.unpacked)
	arena.Release(g.sums)
}

// depthwiseGrad is a weight gradient: sums of so many channels (width) over parts
// of the total of bars, [chunks][taps][C].
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

// tapSums writes the sums of channels [c, end) over some bars, counted over all
// of the n images.
func (p *Plan) tapSums(sums, dy, x []float32, c, end int, bars interval, n int) {
	t, large := &p.depthwise.weights, p.large(n, 4)
	for tap := range p.KH * p.KW {
		clear(sums[tap*p.C:][c:end])
	}
	for now := p.barsOfCall(bars, end-c); now.first < now.end; {
		steps := kernel.Steps{A: p.depthwise.backward.fromRow, X: p.SH * p.depthwise.forward.fromRow, Column: p.depthwise.pitch}
		next := p.barsOfCall(interval{now.end, bars.end}, end-c)
		if large && next.first < next.end {
			seen := p.seenBy(next)
			seen.first = max(seen.first, p.seenBy(now).end)
			steps.Ahead = [2][]float32{p.rowsOfBars(next).of(dy), seen.of(x)}
		}
		image := now.first / t.bars
		rows := t.rows[(now.first-image*t.bars)*p.KH:][:(now.end-now.first)*p.KH]
		kernel.DepthwiseF32(sums[c:], p.C, sums[c:], p.C, dy[image*p.depthwise.backward.from+c:], x[image*p.depthwise.forward.from+c:], end-c, t.line, rows, steps)
		now = next
	}
}

// barsOfCall returns the first of some bars, in one image: those of one call of
// the kernel, for so many channels. What it reads fits the level 2 cache beside
// what is fetched for the next one.
func (p *Plan) barsOfCall(bars interval, channels int) interval {
	t := &p.depthwise.weights
	image, count := bars.first/t.bars, max(1, bandValues/(t.bar*(p.OutW()+p.SH*p.W)*channels))
	return interval{bars.first, min(bars.first+count, bars.end, (image+1)*t.bars)}
}

// rowsOfBars returns the values of dy in some bars of one image.
func (p *Plan) rowsOfBars(bars interval) interval {
	image, low, high := p.inImage(bars)
	first, row := image*p.depthwise.backward.from, p.depthwise.backward.fromRow
	return interval{first + low*row, first + high*row}
}

// seenBy returns the values of x that some bars, of one image, see.
func (p *Plan) seenBy(bars interval) interval {
	image, low, high := p.inImage(bars)
	first, row := image*p.depthwise.forward.from, p.depthwise.forward.fromRow
	top, bottom := max(0, low*p.SH-p.PH), min(p.H, (high-1)*p.SH-p.PH+(p.KH-1)*p.DH+1)
	return interval{first + top*row, first + max(top, bottom)*row}
}

// inImage returns the image that some bars are in, and their rows there.
func (p *Plan) inImage(bars interval) (image, low, high int) {
	t := &p.depthwise.weights
	image = bars.first / t.bars
	return image, (bars.first - image*t.bars) * t.bar, min((bars.end-image*t.bars)*t.bar, p.OutH())
}

package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A call of a kernel computes up to callRows rows, so that a short inner
// product does not cost less than the call. Their tiles have room for callRows
// rows of the widest tile.
const (
	callRows = 48
	maxTile  = callRows * 32
)

// rowsPerCall returns how many rows one call should compute: few where the
// inner products are long, since rows that lie together skip more padding.
func (b *Panels) rowsPerCall() int {
	const worthwhile = 400 // length of the inner products of a call's tiles together
	tiles := max(1, worthwhile/b.k)
	return min(tiles, callRows/b.tile.MR) * b.tile.MR
}

// Forward computes the layer's output for n samples,
//
//	y[i,oh,ow,o] = bias[o] + sum(kh, kw, c) x[i, oh*SH+kh*DH-PH, ow*SW+kw*DW-PW, c] * W[o,kh,kw,c]
//
// with x in the frame p.Input and W packed by PackForward; c runs over the
// channels of o's group. A nil bias stands for zeros.
func (p *Plan) Forward(workers *parallel.Pool, y, x []float32, n int, w *Panels, bias []float32) {
	if p.depthwise != nil {
		p.depthwiseForward(workers, y, x, n, w, bias)
		return
	}
	if p.merged != nil {
		p = p.merged
	}
	p.forward.product(workers, y, p.OutH()*p.OutW()*p.O, x, p.Input.Len(), n, w, p.C/p.Groups, bias)
}

// InputGradient computes the gradient of the layer's input,
//
//	dx[i,h,w,c] = sum(o, kh, kw) dy[i,oh,ow,o] * W[o,kh,kw,c]  where oh*SH+kh*DH-PH = h and ow*SW+kw*DW-PW = w
//
// for n samples, with dy in the frame p.Output and W as [O, KH, KW, C/Groups].
func (p *Plan) InputGradient(workers *parallel.Pool, arena *tensor.Arena, dx, dy []float32, n int, w []float32) {
	if p.depthwise != nil {
		p.depthwiseInputGradient(workers, arena, dx, dy, n, w)
		return
	}
	if p.merged != nil {
		w = p.spreadFloats(workers, arena, w)
		defer arena.Release(w)
		p = p.merged
	}
	for i := range p.inverse {
		g := &p.inverse[i]
		if len(g.taps) == 0 {
			p.zero(workers, dx, n, g)
			continue
		}
		b := p.packInverse(workers, arena, g, w)
		g.product(workers, dx, p.H*p.W*p.C, dy, p.Output.Len(), n, b, p.O/p.Groups, nil)
		arena.Release(b.f32)
	}
}

// zero clears the pixels of dx that no filter position reads.
func (p *Plan) zero(workers *parallel.Pool, dx []float32, n int, g *gather) {
	workers.For(n, func(i int) {
		for _, o := range g.outs {
			clear(dx[i*p.H*p.W*p.C+o:][:p.C])
		}
	})
}

// product multiplies the gathered rows of n samples of a by the panels b.
// depth is the number of channels of a that one group reads.
func (g *gather) product(workers *parallel.Pool, y []float32, yLen int, a []float32, aLen, n int, b *Panels, depth int, bias []float32) {
	blocks, step := newBlocks(n*len(g.rows), b), b.rowsPerCall()
	segs := g.segments(g.seglen)
	workers.For(blocks.tasks(), func(task int) {
		group, panels, first, end := blocks.task(task)
		var acc [maxTile]float32
		var own ragged
		for i := panels.first; i < panels.end; i++ {
			s := b.panel(i)
			weights := b.f32[b.at(group, i):][:b.k*s.width]
			column := group*b.n + s.first
			var shift []float32
			if bias != nil {
				shift = bias[column:][:s.n]
			}
			for m := first; m < end; m += step {
				win, rows, outs := g.window(m, min(step, end-m), b.tile.MR, yLen, aLen, &own)
				reach := g.reachOf(m, len(outs))
				kernel.GemmF32(acc[:], s.width, a[win.a+group*depth:], rows, segs[reach.first:reach.end], g.seglen, weights)
				kernel.StoreF32(y[win.y+column:], outs, acc[:], s.width, s.n, shift)
			}
		}
	})
}

// ForwardCodes is Forward for codes: x holds activation codes as QuantiseU8
// writes them, W codes packed by PackCodes, and scale one factor for each
// sample,
//
//	y[i,oh,ow,o] = bias[o] + scale[i] * sum(kh, kw, c) x[...] * W[o,kh,kw,c]
//
// with an exact integer sum.
func (p *Plan) ForwardCodes(workers *parallel.Pool, y []float32, x []uint8, n int, w *Panels, scale, bias []float32) {
	if p.depthwise != nil {
		p.depthwiseForwardCodes(workers, y, x, n, w, scale, bias)
		return
	}
	if p.merged != nil {
		p = p.merged
	}
	g, b := &p.forward, w
	yLen, aLen, pixels := p.OutH()*p.OutW()*p.O, p.Input.Len(), len(g.rows)
	blocks, step := newBlocks(n*pixels, b), b.rowsPerCall()
	fours := (g.seglen + 3) / 4
	segs := g.segments(fours)
	workers.For(blocks.tasks(), func(task int) {
		group, panels, first, end := blocks.task(task)
		var acc [maxTile]int32
		var factors rowFactors
		var own ragged
		for i := panels.first; i < panels.end; i++ {
			s := b.panel(i)
			weights := b.s8[b.at(group, i):][:b.k*s.width]
			offset := b.offset[group*b.columns()+s.first:][:s.n]
			column := group*b.n + s.first
			var shift []float32
			if bias != nil {
				shift = bias[column:][:s.n]
			}
			for m := first; m < end; m += step {
				win, rows, outs := g.window(m, min(step, end-m), b.tile.MR, yLen, aLen, &own)
				kernel.GemmU8S8(acc[:], s.width, x[win.a+group*(p.C/p.Groups):], rows, segs, fours, weights)
				kernel.StoreI32(y[win.y+column:], outs, acc[:], s.width, s.n, offset, factors.of(scale, m, len(outs), pixels), shift)
			}
		}
	})
}

// rowFactors are the factors of a call's rows. Most calls stay within one
// sample, and within that of the call before.
type rowFactors struct {
	each  [callRows]float32
	whole int // 1 + the sample whose factor fills each, or 0
}

// of returns the factors of the count rows from m on, where each sample has so
// many pixels.
func (f *rowFactors) of(scale []float32, m, count, pixels int) []float32 {
	if pixels == 1 {
		return scale[m : m+count]
	}
	first, last := m/pixels, (m+count-1)/pixels
	switch {
	case first < last:
		f.whole = 0
		for r := range count {
			f.each[r] = scale[(m+r)/pixels]
		}
	case f.whole != first+1:
		f.whole = first + 1
		for r := range f.each {
			f.each[r] = scale[first]
		}
	}
	return f.each[:count]
}

// A window is where one call reads and writes: offsets of rows, which may belong
// to several samples, relative to a and y.
type window struct{ a, y int }

// A ragged window has rows of its own: they cross a sample's end, or do not
// fill tiles.
type ragged struct{ rows, outs [callRows]int }

// window returns the count rows from m on. A call always reads whole tiles of
// mr rows: where fewer are wanted, others are read and not written.
func (g *gather) window(m, count, mr, yLen, aLen int, own *ragged) (w window, rows, outs []int) {
	pixels, whole := len(g.rows), (count+mr-1)/mr*mr
	sample, pixel := m/pixels, m%pixels
	if pixel+whole <= pixels {
		return window{sample * aLen, sample * yLen}, g.rows[pixel : pixel+whole], g.outs[pixel : pixel+count]
	}
	for r := range count {
		own.rows[r] = sample*aLen + g.rows[pixel]
		own.outs[r] = sample*yLen + g.outs[pixel]
		if pixel++; pixel == pixels {
			sample, pixel = sample+1, 0
		}
	}
	for r := count; r < whole; r++ {
		own.rows[r] = own.rows[count-1]
	}
	return w, own.rows[:whole], own.outs[:count]
}

// reachOf returns the segments that touch the image in any of the count rows
// from m on.
func (g *gather) reachOf(m, count int) interval {
	all := interval{0, len(g.segs)}
	if !g.clipped || count >= len(g.rows) {
		return all
	}
	pixel := m % len(g.rows)
	reach := g.reach[pixel]
	for range count - 1 {
		if pixel++; pixel == len(g.rows) {
			pixel = 0
		}
		if reach = reach.union(g.reach[pixel]); reach == all {
			break
		}
	}
	return reach
}

// blocks cuts a product into tasks: groups, ranges of panels and ranges of
// rows. Every element of the result is computed inside one tile, so the cut
// changes no bits.
type blocks struct {
	rows, step    int // rows in all and in a task
	panels, width int // panels of a group in all and in a task
	groups        int
}

const rowTasks = 32 // enough for a few workers to end together

func newBlocks(rows int, b *Panels) blocks {
	tiles := (rows + b.tile.MR - 1) / b.tile.MR
	k := blocks{rows: rows, panels: b.count(), groups: b.groups}
	k.step = max(1, tiles/rowTasks) * b.tile.MR
	k.width = k.panels
	if tiles < rowTasks/4 { // few rows: share out the columns as well
		k.width = max(1, k.panels*tiles*4/rowTasks)
	}
	return k
}

func (k blocks) rowTasks() int   { return (k.rows + k.step - 1) / k.step }
func (k blocks) panelTasks() int { return (k.panels + k.width - 1) / k.width }
func (k blocks) tasks() int      { return k.groups * k.panelTasks() * k.rowTasks() }

// task returns task t. Those of all groups for the same rows follow each other:
// the groups' channels lie in the same lines of the caches.
func (k blocks) task(t int) (group int, panels interval, first, end int) {
	group, t = t%k.groups, t/k.groups
	first = t % k.rowTasks() * k.step
	panels.first = t / k.rowTasks() * k.width
	panels.end = min(panels.first+k.width, k.panels)
	return group, panels, first, min(first+k.step, k.rows)
}

func (g *gather) segments(steps int) []kernel.Segment {
	segs := make([]kernel.Segment, len(g.segs))
	for i, a := range g.segs {
		segs[i] = kernel.Segment{A: a, B: i * steps}
	}
	return segs
}

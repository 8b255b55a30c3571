package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Gradients by bfloat16. Codes of weights and activations are exact in it, so
// only the output gradient is rounded, to 8 bits of significand; sums are
// float32. Where the processor does not multiply bfloat16, the rounded values
// go through the float32 kernels. Depthwise convolutions, which are bound by
// memory, and convolutions of small groups are computed in float32.

// InputGradientBF16 is InputGradient for a weight of codes and a rounded
// gradient:
//
//	dx[i,h,w,c] = sum(o, kh, kw) bfloat16(dy[i,oh,ow,o]) * W[o,kh,kw,c]
func (p *Plan) InputGradientBF16(workers *parallel.Pool, arena *tensor.Arena, dx, dy []float32, n int, codes []int8) {
	if p.depthwise != nil || p.merged != nil {
		p.InputGradientCodes(workers, arena, dx, dy, n, codes)
		return
	}
	if !kernel.HasBF16() {
		rounded := arena.Floats(len(dy))
		each(workers, len(dy), func(lo, hi int) { kernel.RoundBF16(rounded[lo:hi], dy[lo:hi], 1) })
		p.InputGradientCodes(workers, arena, dx, rounded, n, codes)
		arena.Release(rounded)
		return
	}
	s := &p.inverse
	f, gathers := s.frame, s.framed
	if !few(n) && (f.Bare() || s.bare[0].clips(pairs)) {
		f, gathers = Frame{H: f.H, W: f.W, C: f.C}, s.bare
	}
	a := arena.Halves(n * f.Len())
	clear(a[len(a) : len(a)+1 : cap(a)]) // an odd segment is read up to the next value
	lines := n * f.H
	step := max(1, 4096/(f.W*f.C))
	workers.For((lines+step-1)/step, func(i int) {
		for line := i * step; line < min((i+1)*step, lines); line++ {
			image, h := line/f.H, line%f.H
			sample := a[image*f.Len():][:f.Len()]
			if h == 0 {
				Surround(f, sample, 0)
			}
			kernel.ToBF16(row(f, sample, h), dy[line*f.W*f.C:][:f.W*f.C], 1)
		}
	})
	for i := range gathers {
		b := p.packInverseBF16(workers, arena, &gathers[i], codes)
		gathers[i].productBF16(workers, dx, p.H*p.W*p.C, a, f.Len(), n, b)
		arena.ReleaseHalves(b.bf16)
	}
	arena.ReleaseHalves(a)
}

func (g *gather) productBF16(workers *parallel.Pool, y []float32, yLen int, a []uint16, aLen, n int, b *Panels) {
	blocks, step, together := newBlocks(n*len(g.rows), b), b.rowsPerCall(), b.together(2)
	workers.For(blocks.tasks(), func(task int) {
		group, panels, first, end := blocks.task(task)
		var acc [maxTile]float32
		var own ragged
		for near := range panels.parts(together) {
			for m := first; m < end; {
				win, rows, outs := g.window(m, min(step, end-m), n, b.tile.MR, aLen, yLen, &own)
				segs := g.segmentsOf(win, pairs, &own)
				for i := near.first; i < near.end; i++ {
					s := b.panel(i)
					weights := b.bf16[b.at(group, i):][:b.k*s.width]
					kernel.GemmBF16(acc[:], s.width, a[win.a+group*g.depth:], rows, segs.list, segs.steps, weights)
					kernel.StoreF32(y[win.y+group*b.n+s.first:], outs, acc[:], s.width, s.n, nil)
				}
				m += len(outs)
			}
		}
	})
}

// packInverseBF16 is packInverse in pairs of rows.
func (p *Plan) packInverseBF16(workers *parallel.Pool, arena *tensor.Arena, g *gather, codes []int8) *Panels {
	b := &Panels{tile: kernel.TileBF16(), n: p.C / p.Groups, k: int(pairs) * g.steps(pairs), groups: p.Groups}
	b.bf16 = arena.Halves(b.groups * b.k * b.columns())
	length := g.run()
	b.each(workers, func(group, i int, s span) {
		panel := b.bf16[b.at(group, i):][:b.k*s.width]
		if s.n < s.width {
			clear(panel)
		}
		// row returns row v of a run.
		row := func(run, v int) []int8 {
			tap := g.taps[run*(length/g.depth)+v/g.depth]
			return codes[((group*g.depth+v%g.depth)*p.KH*p.KW+tap)*b.n+s.first:][:s.n]
		}
		var zero [32]int8
		at := 0
		for run := range g.runs() {
			for v := 0; v < length; v += 2 {
				second := zero[:s.n]
				if v+1 < length {
					second = row(run, v+1)
				}
				kernel.SignsBF16(panel[at:][:2*s.n], row(run, v), second)
				at += 2 * s.width
			}
		}
	})
	return b
}

// WeightGradientBF16 is WeightGradient for inputs that are codes as QuantiseU8
// writes them, in the frame p.Input, and a scaled and rounded gradient:
//
//	dw[o,kh,kw,c] += sum(i, oh, ow) bfloat16(scale[i]*dy[i,oh,ow,o]) * (x[...] - 128)
func (p *Plan) WeightGradientBF16(workers *parallel.Pool, arena *tensor.Arena, dw, dy []float32, x []uint8, n int, scale []float32) {
	if p.depthwise != nil || p.merged != nil || !kernel.HasBF16() {
		size, rounded := len(dy)/n, dy
		if p.depthwise == nil && p.merged == nil {
			rounded = arena.Floats(len(dy))
			workers.For(n, func(i int) { kernel.RoundBF16(rounded[i*size:][:size], dy[i*size:][:size], scale[i]) })
			scale = nil
		}
		values := p.Dequantise(workers, arena, x, n, scale)
		p.WeightGradient(workers, arena, dw, rounded, values, n)
		arena.Release(values)
		if scale == nil {
			arena.Release(rounded)
		}
		return
	}
	values := arena.Halves(len(x))
	each(workers, len(x), func(lo, hi int) { kernel.CodesBF16(values[lo:hi], x[lo:hi]) })
	g, xLen := &p.forward.framed[0], p.Input.Len()
	sum := g.outerSum(p, kernel.TileOuterBF16(), n, 2)
	width := (p.O + sum.tile.MR - 1) / sum.tile.MR * sum.tile.MR
	grad := sum.pairUp(workers, arena, dy, p.O, width, scale)
	sums := sum.begin(arena, dw)
	workers.For(sum.tasks(), func(task int) {
		t := sum.task(task, sums)
		var rows [pixelBlock]int
		for step := t.first; step < t.end; {
			b := sum.block(step, t.end)
			at, count := step*width, (b.count+1)/2
			step += count
			c := &g.classes[b.class]
			for i := range b.count {
				sample, pixel := (b.first+i)/c.size(), c.first+(b.first+i)%c.size()
				rows[i] = sample*xLen + g.rows[pixel]
			}
			if b.count%2 == 1 {
				rows[b.count] = rows[b.count-1]
			}
			for i, s := range t.strips {
				for _, cols := range sum.columns[b.class] {
					kernel.OuterBF16(sum.stripOf(t.sums, i), sum.ldc, grad[2*(at+s.first):], width, values[s.group*g.depth:], rows[:2*count], cols)
				}
			}
		}
	})
	sum.end(workers, arena, dw, sums)
	arena.ReleaseHalves(grad)
	arena.ReleaseHalves(values)
}

// pairUp returns the gradients of each step's two pixels one beside the other,
// [steps][width][2], scaled and rounded; those of a missing pixel are zero.
func (s *outerSum) pairUp(workers *parallel.Pool, arena *tensor.Arena, dy []float32, outs, width int, scale []float32) []uint16 {
	grad := arena.Halves(2 * s.steps * width)
	g, yLen := s.g, len(dy)/s.n
	const pairsOfTask = 64
	workers.For((s.steps+pairsOfTask-1)/pairsOfTask, func(task int) {
		first := task * pairsOfTask
		end := min(first+pairsOfTask, s.steps)
		for step := first; step < end; {
			b := s.block(step, end)
			c := &g.classes[b.class]
			at := func(i int) (row []float32, factor float32) {
				sample, pixel := (b.first+i)/c.size(), c.first+(b.first+i)%c.size()
				return dy[sample*yLen+g.outs[pixel]:][:outs], scale[sample]
			}
			for i := 0; i < b.count; i += 2 {
				x, xScale := at(i)
				y, yScale := x, float32(0)
				if i+1 < b.count {
					y, yScale = at(i + 1)
				}
				row := grad[2*step*width:][:2*width]
				kernel.PairBF16(row[:2*outs], x, y, xScale, yScale)
				clear(row[2*outs:])
				step++
			}
		}
	})
	return grad
}

// each calls f for blocks of [0, n).
func each(workers *parallel.Pool, n int, f func(lo, hi int)) {
	const block = 1 << 14
	workers.For((n+block-1)/block, func(i int) { f(i*block, min((i+1)*block, n)) })
}

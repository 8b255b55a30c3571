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

// conversionBlock is the number of values that are converted in a chunk.
const conversionBlock = 1 << 14

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
		type pass struct{ rounded, dy []float32 }
		rounded := arena.Floats(len(dy))
		parallel.Blocks(workers, len(dy), conversionBlock, pass{rounded, dy}, func(p *pass, lo, hi int) { kernel.RoundBF16(p.rounded[lo:hi], p.dy[lo:hi], 1) })
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
	r := rounding{f: f, a: a, dy: dy, lines: n * f.H, step: max(1, 4096/(f.W*f.C))}
	parallel.Run(workers, (r.lines+r.step-1)/r.step, r)
	for i := range gathers {
		b := p.packInverseBF16(workers, arena, &gathers[i], codes)
		o := gathers[i].operation(&b, 2, dx, p.H*p.W*p.C, f.Len(), n)
		parallel.Run(workers, o.tasks(), halfProduct{o, b, a})
		b.Release(arena)
	}
	arena.ReleaseHalves(a)
}

// A rounding writes lines of gradients into frames of zeros.
type rounding struct {
	f           Frame
	a           []uint16
	dy          []float32
	lines, step int // in all and in a chunk
}

func (r *rounding) Chunk(_, i int) {
	f := r.f
	for line := i * r.step; line < min((i+1)*r.step, r.lines); line++ {
		image, h := line/f.H, line%f.H
		sample := r.a[image*f.Len():][:f.Len()]
		if h == 0 {
			Surround(f, sample, 0)
		}
		kernel.ToBF16(row(f, sample, h), r.dy[line*f.W*f.C:][:f.W*f.C], 1)
	}
}

type halfProduct struct {
	operation
	b Panels
	a []uint16
}

func (p *halfProduct) Chunk(_, task int) {
	g, b := p.g, &p.b
	group, panels, first, end := p.task(task)
	var acc [maxTile]float32
	var own ragged
	for near := range panels.parts(p.nearby) {
		for m := first; m < end; {
			win, rows, outs := p.window(m, end, &own)
			segs := g.segmentsOf(win, pairs, &own)
			for i := near.first; i < near.end; i++ {
				s := b.panel(i)
				kernel.GemmBF16(acc[:], s.width, p.a[win.a+group*g.depth:], rows, segs.list, segs.steps, b.bf16[b.at(group, i):][:b.k*s.width])
				kernel.StoreF32(p.y[win.y+group*b.n+s.first:], outs, acc[:], s.width, s.n, nil)
			}
			m += len(outs)
		}
	}
}

// packInverseBF16 is packInverse in pairs of rows.
func (p *Plan) packInverseBF16(workers *parallel.Pool, arena *tensor.Arena, g *gather, codes []int8) Panels {
	b := Panels{tile: kernel.TileBF16(), n: p.C / p.Groups, k: int(pairs) * g.steps(pairs), groups: p.Groups}
	b.bf16 = arena.Halves(b.groups * b.k * b.columns())
	parallel.Run(workers, b.groups*b.count(), inversePairs{packing{b, p, g}, codes})
	return b
}

type inversePairs struct {
	packing
	codes []int8
}

func (t *inversePairs) Chunk(_, i int) {
	group, at, s := t.part(i)
	panel := t.b.bf16[at:][:t.b.k*s.width]
	if s.n < s.width {
		clear(panel)
	}
	var zero [32]int8
	length, to := t.g.run(), 0
	for run := range t.g.runs() {
		for v := 0; v < length; v += 2 {
			second := zero[:s.n]
			if v+1 < length {
				second = t.row(group, run, v+1, s)
			}
			kernel.SignsBF16(panel[to:][:2*s.n], t.row(group, run, v, s), second)
			to += 2 * s.width
		}
	}
}

// row returns the codes of row v of a run.
func (t *inversePairs) row(group, run, v int, s span) []int8 {
	depth := t.g.depth
	tap := t.g.taps[run*(t.g.run()/depth)+v/depth]
	return t.codes[((group*depth+v%depth)*t.p.KH*t.p.KW+tap)*t.b.n+s.first:][:s.n]
}

// WeightGradientBF16 is WeightGradient for inputs that are codes as QuantiseU8
// writes them, in the frame p.Input, and a scaled and rounded gradient:
//
//	dw[o,kh,kw,c] += sum(i, oh, ow) bfloat16(scale[i]*dy[i,oh,ow,o]) * (x[...] - 128)
func (p *Plan) WeightGradientBF16(workers *parallel.Pool, arena *tensor.Arena, dw, dy []float32, x []uint8, n int, scale []float32) {
	if p.depthwise != nil || p.merged != nil || !kernel.HasBF16() {
		rounded := dy
		if p.depthwise == nil && p.merged == nil {
			type pass struct{ rounded, dy, scale []float32 }
			rounded = arena.Floats(len(dy))
			parallel.Share(workers, n, pass{rounded, dy, scale}, func(p *pass, _, i int) {
				size := len(p.dy) / len(p.scale)
				kernel.RoundBF16(p.rounded[i*size:][:size], p.dy[i*size:][:size], p.scale[i])
			})
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
	type pass struct {
		values []uint16
		codes  []uint8
	}
	values := arena.Halves(len(x))
	parallel.Blocks(workers, len(x), conversionBlock, pass{values, x}, func(p *pass, lo, hi int) { kernel.CodesBF16(p.values[lo:hi], p.codes[lo:hi]) })
	sum := p.forward.framed[0].outerSum(p, kernel.TileOuterBF16(), n, 2)
	t := halfOuter{outerSum: sum, sums: sum.begin(arena, dw), x: values, xLen: p.Input.Len()}
	t.width = sum.strips[len(sum.strips)-1].first + sum.tile.MR
	t.grad = arena.Halves(2 * sum.steps * t.width)
	parallel.Run(workers, (sum.steps+pairsOfTask-1)/pairsOfTask, pairing{sum, t.grad, dy, scale, p.O, t.width})
	parallel.Run(workers, sum.tasks(), t)
	sum.end(workers, arena, dw, t.sums)
	arena.ReleaseHalves(t.grad)
	arena.ReleaseHalves(values)
}

type halfOuter struct {
	outerSum
	sums    []float32
	x, grad []uint16 // grad [steps][width][2]
	xLen    int
	width   int
}

func (o *halfOuter) Chunk(_, task int) {
	t := o.task(task, o.sums)
	var rows [pixelBlock]int
	for step := t.first; step < t.end; {
		b := o.block(step, t.end)
		at, count := step*o.width, (b.count+1)/2
		step += count
		i := 0
		for sample, seen := range o.g.within(b.class, b.first, b.count) {
			for _, row := range o.g.rows[seen.first:seen.end] {
				rows[i] = sample*o.xLen + row
				i++
			}
		}
		if b.count%2 == 1 {
			rows[b.count] = rows[b.count-1]
		}
		for i, s := range t.strips {
			for _, cols := range o.columns[b.class] {
				kernel.OuterBF16(o.stripOf(t.sums, i), o.ldc, cols.lanes, o.grad[2*(at+s.first):], o.width, o.x[s.group*o.g.depth:], rows[:2*count], cols.list)
			}
		}
	}
}

// A pairing writes the gradients of each step's two pixels one beside the other,
// [steps][width][2], scaled and rounded; those of a missing pixel are zero.
type pairing struct {
	outerSum
	grad        []uint16
	dy, scale   []float32
	outs, width int
}

const pairsOfTask = 64

func (p *pairing) Chunk(_, task int) {
	g, yLen := p.g, len(p.dy)/p.n
	first := task * pairsOfTask
	end := min(first+pairsOfTask, p.steps)
	for step := first; step < end; {
		b := p.block(step, end)
		at := func(i int) (row []float32, factor float32) {
			at := g.placeIn(b.class, b.first+i)
			return p.dy[at.sample*yLen+g.outs[at.pixel]:][:p.outs], p.scale[at.sample]
		}
		for i := 0; i < b.count; i += 2 {
			x, xScale := at(i)
			y, yScale := x, float32(0)
			if i+1 < b.count {
				y, yScale = at(i + 1)
			}
			row := p.grad[2*step*p.width:][:2*p.width]
			kernel.PairBF16(row[:2*p.outs], x, y, xScale, yScale)
			clear(row[2*p.outs:])
			step++
		}
	}
}

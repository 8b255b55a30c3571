package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A call of a kernel computes up to callRows rows: what it costs beside the
// product is a few dozen nanoseconds, whatever their number. Their tiles have room
// for maxTile values.
const (
	callRows = 192
	maxTile  = 48 * 32
)

// rowsPerCall returns how many rows one call should compute. Where the inner
// products are long, fewer rows take as long and fill the first cache.
func (b *Panels) rowsPerCall() int {
	const worthwhile = 2000 // length of the inner products of a call's tiles together
	tiles := max(2, worthwhile/max(1, b.k))
	return min(tiles, callRows/b.tile.MR, maxTile/(b.tile.MR*b.panel(0).width)) * b.tile.MR
}

// Forward computes the layer's output for n samples,
//
//	y[i,oh,ow,o] = bias[o] + sum(kh, kw, c) x[i, oh*SH+kh*DH-PH, ow*SW+kw*DW-PW, c] * W[o,kh,kw,c]
//
// with W packed by PackForward; c runs over the channels of o's group. A nil
// bias stands for zeros. Then, unless nil, finishes the output.
func (p *Plan) Forward(workers *parallel.Pool, arena *tensor.Arena, y, x []float32, n int, w Panels, bias []float32, then *Finish) {
	if p.depthwise != nil {
		p.depthwiseForward(workers, arena, y, x, n, w, bias)
		then.Apply(workers, y)
		return
	}
	if p.merged != nil {
		p = p.merged
	}
	gathers, a, aLen := p.forward.fit(workers, arena, x, n)
	gathers[0].product(workers, arena, y, p.OutH()*p.OutW()*p.O, a, aLen, n, w, bias, then)
	if aLen != p.forward.bareLen() {
		arena.Release(a)
	}
}

// InputGradient computes the gradient of the layer's input,
//
//	dx[i,h,w,c] = sum(o, kh, kw) dy[i,oh,ow,o] * W[o,kh,kw,c]  where oh*SH+kh*DH-PH = h and ow*SW+kw*DW-PW = w
//
// for n samples, with W as [O, KH, KW, C/Groups].
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
	inputGradient(p, workers, arena, dx, dy, n, w)
}

// InputGradientCodes is InputGradient for a weight of codes, whose products are looked
// up where that is faster. dy has slack behind it.
func (p *Plan) InputGradientCodes(workers *parallel.Pool, arena *tensor.Arena, dx, dy []float32, n int, codes []int8) {
	if p.depthwise != nil {
		w := arena.Floats(len(codes))
		kernel.CodesF32(w, codes)
		p.depthwiseInputGradient(workers, arena, dx, dy, n, w)
		arena.Release(w)
		return
	}
	if p.merged != nil {
		codes = p.spreadCodes(workers, arena, codes)
		defer arena.ReleaseCodes(codes)
		p = p.merged
	}
	if p.looksUp() {
		p.lookUpInputGradient(workers, arena, dx, dy, n, codes)
		return
	}
	inputGradient(p, workers, arena, dx, dy, n, codes)
}

func inputGradient[W float32 | int8](p *Plan, workers *parallel.Pool, arena *tensor.Arena, dx, dy []float32, n int, w []W) {
	if p.folded != nil {
		foldedInputGradient(p, workers, arena, dx, dy, n, w)
		return
	}
	gathers, a, aLen := p.inverse.fit(workers, arena, dy, n)
	for i := range gathers {
		b := packInverse(p, workers, arena, &gathers[i], w)
		gathers[i].product(workers, arena, dx, p.H*p.W*p.C, a, aLen, n, b, nil, nil)
		b.Release(arena)
	}
	if aLen != p.inverse.bareLen() {
		arena.Release(a)
	}
}

// few reports whether a product over n samples cannot fill tiles with pixels of
// one class. Then it is better to copy the images into the frame.
func few(n int) bool { return n < kernel.TileF32().MR }

func (s *side) bareLen() int { return s.frame.H * s.frame.W * s.frame.C }

// fit returns the gathers for n images x, the images as these read them, and the
// length of one.
func (s *side) fit(workers *parallel.Pool, arena *tensor.Arena, x []float32, n int) (gathers []gather, a []float32, aLen int) {
	f := s.frame
	if f.Bare() || !few(n) {
		return s.bare, x, s.bareLen()
	}
	a = arena.Floats(n * f.Len())
	parallel.Run(workers, n, framing{f, a, x})
	return s.framed, a, f.Len()
}

// A framing copies images x into frames of zeros.
type framing struct {
	f    Frame
	a, x []float32
}

func (t *framing) Chunk(_, i int) {
	f := t.f
	Surround(f, t.a[i*f.Len():], 0)
	for h := range f.H {
		copy(row(f, t.a[i*f.Len():], h), t.x[(i*f.H+h)*f.W*f.C:])
	}
}

// product multiplies the gathered rows of n samples of a by the panels b.
func (g *gather) product(workers *parallel.Pool, arena *tensor.Arena, y []float32, yLen int, a []float32, aLen, n int, b Panels, bias []float32, then *Finish) {
	o := g.operation(&b, 4, y, yLen, aLen, n)
	then.measure(arena, o.rows, o.step, b.groups*b.n)
	parallel.Run(workers, o.tasks(), floatProduct{operation: o, b: b, a: a, bias: bias, then: then})
}

// An operation is a product cut into tasks.
type operation struct {
	g *gather
	blocks
	y                []float32
	yLen, aLen, n    int
	call, mr, nearby int // rows of a call and of a tile; panels that one call's rows are multiplied by
}

// operation returns the cut of a product with panels of values of so many bytes.
func (g *gather) operation(b *Panels, size int, y []float32, yLen, aLen, n int) operation {
	return operation{
		g: g, blocks: newBlocks(n*len(g.rows), b), y: y, yLen: yLen, aLen: aLen, n: n,
		call: b.rowsPerCall(), mr: b.tile.MR, nearby: b.together(size),
	}
}

// window returns that of the next rows of [m, end).
func (o *operation) window(m, end int, own *ragged) (w *window, rows, outs []int) {
	return o.g.window(m, min(o.call, end-m), o.n, o.mr, o.aLen, o.yLen, own)
}

type floatProduct struct {
	operation
	b       Panels
	a, bias []float32
	then    *Finish
}

func (p *floatProduct) Chunk(_, task int) {
	g, b := p.g, &p.b
	group, panels, first, end := p.task(task)
	var acc [maxTile]float32
	var own ragged
	for near := range panels.parts(p.nearby) {
		for m := first; m < end; {
			win, rows, outs := p.window(m, end, &own)
			segs := g.segmentsOf(win, floats, &own)
			for i := near.first; i < near.end; i++ {
				s := b.panel(i)
				column := group*b.n + s.first
				a, panel := p.a[win.a+group*g.depth:], b.f32[b.at(group, i):][:b.k*s.width]
				if y := p.y[win.y+column:]; p.bias == nil && s.whole(rows, outs) {
					kernel.GemmF32(y, outs, s.width, a, rows, segs.list, segs.steps, panel)
				} else {
					kernel.GemmF32(acc[:], nil, s.width, a, rows, segs.list, segs.steps, panel)
					kernel.StoreF32(y, outs, acc[:], s.width, s.n, columnsOf(p.bias, column, s.n))
				}
				p.then.rows(p.y, win.y+column, outs, column, s.n, m)
			}
			m += len(outs)
		}
	}
}

// columnsOf returns n values of a vector of all columns, or nil if that is nil.
func columnsOf(v []float32, first, n int) []float32 {
	if v == nil {
		return nil
	}
	return v[first:][:n]
}

// together returns how many panels one call's rows are multiplied by before the
// next ones: all if they stay in the second cache, since then whole rows of the
// result are written; else a single one, which all rows of the task share. size
// is that of a value in bytes.
func (b *Panels) together(size int) int {
	const cache = 256 << 10
	if b.k*b.columns()*size <= cache {
		return b.count()
	}
	return 1
}

// parts yields the parts of an interval, of so many each.
func (r interval) parts(n int) func(yield func(interval) bool) {
	return func(yield func(interval) bool) {
		for first := r.first; first < r.end; first += n {
			if !yield(interval{first, min(first+n, r.end)}) {
				return
			}
		}
	}
}

// blocks cuts a product into tasks: groups, ranges of panels and ranges of
// rows. Every element of the result is computed inside one tile, so the cut
// changes no bits.
type blocks struct {
	rows, step    int // rows in all and in a task
	panels, width int // panels of a group in all and in a task
	groups        int
}

// rowTasks is enough for a few workers to end together. A task of fewer than
// rowsOfTask rows would wait for the panels, which it reads once, where there
// are many of them; then the columns are shared out as well.
const (
	rowTasks   = 32
	rowsOfTask = 128
)

func newBlocks(rows int, b *Panels) blocks {
	k := blocks{rows: rows, panels: b.count(), groups: b.groups}
	least := rowsOfTask
	if k.panels == 1 {
		least = 1
	}
	tiles := (max(least, rows/rowTasks) + b.tile.MR - 1) / b.tile.MR
	k.step = tiles * b.tile.MR
	k.width = max(1, k.panels*k.rowTasks()/rowTasks)
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

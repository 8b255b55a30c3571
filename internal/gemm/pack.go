package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Panels is the right operand of a product in the order in which tiles read
// it: for each group, its columns in panels of NR (a remainder in the narrowest
// that holds it), each panel with its K rows one after the other. Columns that
// fill the last panel up are zero.
type Panels struct {
	tile   kernel.Tile
	n      int // columns of a group
	k      int // rows, rounded up
	groups int
	f32    []float32
	s8     []int8
	sums   []int32 // of each tap's codes, or of each run's where taps are not clipped, for every column of every group
	looked []uint8 // indices of lookups

	offsets []int32 // of each class of pixels: what 128 times the codes in reach add up to, for every column of every group

	noBias []float32 // of a depthwise convolution, whose weights have their own order
}

// span is one panel: columns [first, first+n) in a panel of the given width.
type span struct{ first, n, width int }

// whole reports whether what a kernel computes for rows and a panel is stored as it
// is: nothing of it fills tiles up.
func (s span) whole(rows, outs []int) bool { return s.n == s.width && len(outs) == len(rows) }

// count returns the number of panels of a group.
func (b *Panels) count() int { return (b.n + b.tile.NR - 1) / b.tile.NR }

// panel returns panel i.
func (b *Panels) panel(i int) span {
	s := span{first: i * b.tile.NR}
	s.n = min(b.tile.NR, b.n-s.first)
	s.width = b.tile.Width(s.n)
	return s
}

// columns returns the padded number of columns of a group.
func (b *Panels) columns() int {
	last := b.panel(b.count() - 1)
	return last.first + last.width
}

// at returns where panel i of a group begins, in rows-times-columns.
func (b *Panels) at(group, i int) int { return b.k * (group*b.columns() + i*b.tile.NR) }

// PackForward packs a weight [O, KH, KW, C/Groups] for Forward.
func (p *Plan) PackForward(workers *parallel.Pool, arena *tensor.Arena, w []float32) Panels {
	if p.depthwise != nil {
		return p.packDepthwise(workers, arena, &p.depthwise.forward, w)
	}
	if p.merged != nil {
		wide := p.spreadFloats(workers, arena, w)
		defer arena.Release(wide)
		return p.merged.PackForward(workers, arena, wide)
	}
	b := Panels{tile: kernel.TileF32(), n: p.O / p.Groups, k: p.K(), groups: p.Groups}
	b.f32 = arena.Floats(b.groups * b.k * b.columns())
	parallel.Run(workers, b.groups*b.count(), forwardPanels{packing{b, p, nil}, w})
	return b
}

// A packing is work on the panels of a weight, one in a chunk.
type packing struct {
	b Panels
	p *Plan
	g *gather
}

// part returns the panel of chunk i and where it begins.
func (t *packing) part(i int) (group, at int, s span) {
	count := t.b.count()
	group = i / count
	return group, t.b.at(group, i%count), t.b.panel(i % count)
}

type forwardPanels struct {
	packing
	w []float32
}

func (t *forwardPanels) Chunk(_, i int) {
	group, at, s := t.part(i)
	k := t.b.k
	panel := t.b.f32[at:][:k*s.width]
	clearTail(panel, s)
	kernel.Transpose(panel, s.width, t.w[(group*t.b.n+s.first)*k:], k, s.n, k, 1)
}

// PackCodes packs the codes of a weight [O, KH, KW, C/Groups] for ForwardCodes.
func (p *Plan) PackCodes(workers *parallel.Pool, arena *tensor.Arena, codes []int8) Panels {
	if p.depthwise != nil {
		return p.packDepthwiseCodes(workers, arena, codes)
	}
	if p.merged != nil {
		return p.merged.PackCodes(workers, arena, p.spreadCodes(workers, arena, codes))
	}
	g := &p.forward.framed[0]
	run := g.run(fours)
	b := Panels{tile: kernel.TileU8S8(), n: p.O / p.Groups, k: int(fours) * g.steps(fours), groups: p.Groups}
	b.s8 = arena.Codes(b.groups * b.k * b.columns())
	parts, steps := g.runs(fours), fours.up(run)
	if g.clips(fours) {
		parts, steps = len(g.taps), fours.up(g.depth)
	}
	b.sums = arena.Ints(parts * b.groups * b.columns())
	ones := arena.Bytes(int(fours) * steps)
	for i := range ones {
		ones[i] = 1
	}
	parallel.Run(workers, b.groups*b.count(), codePanels{packing{b, p, g}, codes, ones, parts, steps})
	all := b.groups * b.columns()
	b.offsets = arena.Ints(len(g.classes) * all)
	parallel.Run(workers, len(g.classes), offsetting{b, g})
	return b
}

// An offsetting writes the offsets of classes.
type offsetting struct {
	b Panels
	g *gather
}

func (t *offsetting) Chunk(_, i int) {
	all := t.b.groups * t.b.columns()
	t.b.addOffsets(t.b.offsets[i*all:][:all], t.g, t.g.classes[i].reach, 0)
}

type codePanels struct {
	packing
	codes        []int8
	ones         []uint8
	parts, steps int // of which there are sums, and the length of each
}

func (t *codePanels) Chunk(_, i int) {
	group, at, s := t.part(i)
	b, g, k := &t.b, t.g, t.p.K()
	panel := b.s8[at:][:b.k*s.width]
	filters := t.codes[(group*b.n+s.first)*k:][:s.n*k]
	if g.run(fours)%int(fours) == 0 {
		if s.n < s.width {
			clear(panel)
		}
		kernel.TransposeCodes(panel, s.width, filters, k/4, s.n, k/4)
	} else {
		g.packRuns(panel, s, filters, k)
	}
	// The sum of codes is their product with ones.
	var acc [maxTile]int32
	var rows [callRows]int
	for part := range t.parts {
		seg := [1]kernel.Segment{{B: part * t.steps}}
		kernel.GemmU8S8(acc[:], s.width, t.ones, rows[:b.tile.MR], seg[:], t.steps, panel)
		copy(b.sums[(part*b.groups+group)*b.columns()+s.first:][:s.width], acc[:s.width])
	}
}

// packRuns packs filters of k codes whose runs do not fill steps.
func (g *gather) packRuns(panel []int8, s span, filters []int8, k int) {
	clear(panel)
	run := g.run(fours)
	for j := range s.n {
		for r := range g.runs(fours) {
			for q, c := range filters[j*k+r*run:][:run] {
				panel[((r*fours.up(run)+q/4)*s.width+j)*4+q%4] = c
			}
		}
	}
}

// packInverse packs a weight for one residue of the input gradient: the rows
// are (tap, o), the columns c.
func packInverse[W float32 | int8](p *Plan, workers *parallel.Pool, arena *tensor.Arena, g *gather, w []W) Panels {
	b := Panels{tile: kernel.TileF32(), n: p.C / p.Groups, k: g.steps(floats), groups: p.Groups}
	b.f32 = arena.Floats(b.groups * b.k * b.columns())
	parallel.Run(workers, b.groups*b.count(), inversePanels[W]{packing{b, p, g}, w})
	return b
}

type inversePanels[W float32 | int8] struct {
	packing
	w []W
}

func (t *inversePanels[W]) Chunk(_, i int) {
	group, at, s := t.part(i)
	n, depth, taps := t.b.n, t.g.depth, t.p.KH*t.p.KW
	panel := t.b.f32[at:][:t.b.k*s.width]
	clearTail(panel, s)
	for k, tap := range t.g.taps {
		for o := range depth {
			floatsOf(panel[(k*depth+o)*s.width:], t.w[((group*depth+o)*taps+tap)*n+s.first:][:s.n])
		}
	}
}

// floatsOf writes weights or codes as floats.
func floatsOf[W float32 | int8](dst []float32, w []W) {
	switch w := any(w).(type) {
	case []float32:
		copy(dst, w)
	case []int8:
		kernel.CodesF32(dst[:len(w)], w)
	}
}

func clearTail(panel []float32, s span) {
	if s.n < s.width {
		clear(panel)
	}
}

// Release gives the panels back to the arena that lent them.
func (b *Panels) Release(arena *tensor.Arena) {
	arena.Release(b.f32)
	arena.ReleaseCodes(b.s8)
	arena.ReleaseBytes(b.looked)
}

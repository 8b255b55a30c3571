package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Input gradients of ternary weights by lookups, see kernel.GemmTernary. They are
// those of the float32 product but for the order of additions.

// looksUp reports whether the input gradient of codes is faster looked up: a table
// that is made for three values has to serve some columns.
func (p *Plan) looksUp() bool {
	const worthwhile = 33
	return kernel.HasTernary() && p.C/p.Groups >= worthwhile
}

func (p *Plan) lookUpInputGradient(workers *parallel.Pool, arena *tensor.Arena, dx, dy []float32, n int, codes []int8) {
	for i := range p.inverse.bare {
		g := &p.inverse.bare[i]
		b := p.packInverseTernary(workers, arena, g, codes)
		o := g.operation(&b, 4, dx, p.H*p.W*p.C, p.inverse.bareLen(), n)
		parallel.Run(workers, o.tasks(), lookups{o, b, dy})
		b.Release(arena)
	}
}

type lookups struct {
	operation
	b Panels
	a []float32
}

func (p *lookups) Chunk(_, task int) {
	g, b := p.g, &p.b
	group, panels, first, end := p.task(task)
	triples := (g.depth + kernel.Triple - 1) / kernel.Triple
	var acc [maxTile]float32
	var own ragged
	for near := range panels.parts(p.nearby) {
		for m := first; m < end; {
			win, rows, outs := p.window(m, end, &own)
			segs := g.segmentsOf(win, dozens, &own)
			for i := near.first; i < near.end; i++ {
				s := b.panel(i)
				a, panel := p.a[win.a+group*g.depth:], b.looked[kernel.Lookups*b.at(group, i):][:kernel.Lookups*b.k*s.width]
				if y := p.y[win.y+group*b.n+s.first:]; s.whole(rows, outs) {
					kernel.GemmTernary(y, outs, s.width, a, rows, segs.list, triples, panel)
				} else {
					kernel.GemmTernary(acc[:], nil, s.width, a, rows, segs.list, triples, panel)
					kernel.StoreF32(y, outs, acc[:], s.width, s.n, nil)
				}
			}
			m += len(outs)
		}
	}
}

// packInverseTernary is packInverse for lookups. The columns are shared out evenly:
// a narrow panel would look up little in tables that cost as much to make.
func (p *Plan) packInverseTernary(workers *parallel.Pool, arena *tensor.Arena, g *gather, codes []int8) Panels {
	b := Panels{tile: kernel.TileTernary(), n: p.C / p.Groups, k: g.steps(dozens), groups: p.Groups}
	b.tile.NR = b.tile.Width((b.n + b.count() - 1) / b.count())
	b.looked = arena.Bytes(kernel.Lookups * b.groups * b.k * b.columns())
	parallel.Run(workers, b.groups*b.count(), inverseLookups{packing{b, p, g}, codes})
	return b
}

type inverseLookups struct {
	packing
	codes []int8
}

func (t *inverseLookups) Chunk(_, i int) {
	group, at, s := t.part(i)
	n, depth, taps := t.b.n, t.g.depth, t.p.KH*t.p.KW
	panel := t.b.looked[kernel.Lookups*at:][:kernel.Lookups*t.b.k*s.width]
	if s.n < s.width {
		clear(panel)
	}
	var last [int(dozens) * 128]int8 // the rows of a step that a tap does not fill
	for _, tap := range t.g.taps {
		for o := 0; o < depth; o += int(dozens) {
			rows, stride := t.codes[((group*depth+o)*taps+tap)*n+s.first:], taps*n
			if left := depth - o; left < int(dozens) {
				clear(last[left*s.n:])
				for r := range left {
					copy(last[r*s.n:][:s.n], rows[r*stride:])
				}
				rows, stride = last[:], s.n
			}
			kernel.PackTernary(panel[:kernel.Lookups*s.n], rows, stride)
			panel = panel[kernel.Lookups*s.width:]
		}
	}
}

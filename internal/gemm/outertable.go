package gemm

import (
	"slices"

	"github.com/AlarioAI/bitnet/internal/kernel"
)

// outerTable is what the sums of all batch sizes have in common.
type outerTable struct {
	tile    kernel.OuterTile
	k       int         // values in a row of the weight
	ldc     int         // values in a row of sums: so many vectors
	merge   []merge     // how a row of sums is added to one of the weight
	columns [][]columns // for each class, the vectors in its reach
	strips  []strip
	width   int // output channels that the strips reach over, the last one as a whole
}

// columns are the vectors of one tile, all of one length.
type columns struct {
	list  []kernel.Column
	lanes int
}

// A merge says that n values from sum on belong to the weight's from k on.
type merge struct{ sum, k, n int }

// A strip is one row of tiles of the weight gradient: rows [first, end), which
// lie in one group.
type strip struct{ first, end, group int }

// newOuterTable cuts the window into vectors, the last one of a part short where
// that is enough. A vector that lies within a tap serves all classes that reach the
// tap. Where vectors fill taps, they have the order of the weight. Elsewhere a row of
// taps is cut as a whole, and anew for the classes that reach a part of it; what a
// vector reads beyond its part is left out when the sums are merged.
func (g *gather) newOuterTable(p *Plan, tile kernel.OuterTile) *outerTable {
	t := &outerTable{tile: tile, k: p.K(), columns: make([][]columns, len(g.classes))}
	filled := g.depth%tile.Lanes == 0
	if filled {
		t.ldc, t.merge = t.k, []merge{{0, 0, t.k}}
	}
	across := len(g.w.offsets)
	type part struct{ x, k, n int } // of the window, contiguous
	type vector struct {
		kernel.Column
		lanes int
	}
	vectors := map[part][]vector{}
	for class, c := range g.classes {
		var full, narrow []kernel.Column
		add := func(s part) {
			v, ok := vectors[s]
			if !ok {
				for i := 0; i < s.n; i += tile.Lanes {
					n := min(tile.Lanes, s.n-i)
					lanes, at := tile.Width(n), s.k+i
					if !filled {
						at = t.ldc
						t.addMerge(merge{at, s.k + i, n})
						t.ldc += lanes
					}
					v = append(v, vector{kernel.Column{C: at, X: s.x + i}, lanes})
				}
				vectors[s] = v
			}
			for _, v := range v {
				if v.lanes == tile.Lanes {
					full = append(full, v.Column)
				} else {
					narrow = append(narrow, v.Column)
				}
			}
		}
		r := c.reach
		for kh := r.h.first; kh < r.h.end; kh++ {
			at := func(kw int) part {
				return part{g.h.offsets[kh]*g.frame.RowLen() + g.w.offsets[kw]*g.frame.C, (kh*across + kw) * g.depth, g.depth}
			}
			if g.contiguous && !filled {
				if r.w.first < r.w.end {
					s := at(r.w.first)
					s.n *= r.w.end - r.w.first
					add(s)
				}
				continue
			}
			for kw := r.w.first; kw < r.w.end; kw++ {
				add(at(kw))
			}
		}
		t.columns[class] = slices.Concat(tilesOf(full, tile.Lanes), tilesOf(narrow, tile.Narrow))
	}
	outs := p.O / p.Groups
	for group := range p.Groups {
		for o := 0; o < outs; o += tile.MR {
			t.strips = append(t.strips, strip{first: group*outs + o, end: group*outs + min(o+tile.MR, outs), group: group})
		}
	}
	t.width = t.strips[len(t.strips)-1].first + tile.MR
	return t
}

// tilesOf shares vectors out to tiles.
func tilesOf(all []kernel.Column, lanes int) (tiles []columns) {
	for len(all) > 0 {
		n := min(kernel.MaxOuterCols, len(all))
		if len(all) == 4 { // 2 + 2 rather than 3 + 1
			n = 2
		}
		tiles = append(tiles, columns{all[:n:n], lanes})
		all = all[n:]
	}
	return tiles
}

// addMerge puts a merge together with the one before where they are neighbours.
func (t *outerTable) addMerge(m merge) {
	if i := len(t.merge) - 1; i >= 0 {
		last := &t.merge[i]
		if last.sum+last.n == m.sum && last.k+last.n == m.k {
			last.n += m.n
			return
		}
	}
	t.merge = append(t.merge, m)
}

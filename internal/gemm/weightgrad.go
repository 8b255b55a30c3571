package gemm

import (
	"slices"

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
	sum := g.outerSum(p, kernel.TileOuter(), n, 1)
	sum.begin(arena, dw)
	parallel.Run(workers, sum.tasks(), floatOuter{sum, dy, x, p.OutH() * p.OutW() * p.O, xLen})
	sum.end(workers, arena)
}

type floatOuter struct {
	outerSum
	dy, x       []float32
	dyLen, xLen int // of a sample
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
		for i, s := range t.strips {
			for _, cols := range o.columns[b.class] {
				kernel.OuterF32(o.stripOf(t.sums, i), o.ldc, cols.lanes, o.dy[s.first:], o.x[s.group*o.g.depth:], pixels[:b.count], cols.list)
			}
		}
	}
}

// pixelBlock is the largest number of pixels whose values stay in the caches
// while all tiles of a task visit them.
const pixelBlock = 256

// An outerSum is how the sums of a weight gradient are cut: rows of tiles into
// strips and pixels into chunks. The pixels come in steps of one, two or four, class
// by class; the last step of a class is short of some.
type outerSum struct {
	*outerTable
	g       *gather
	n, unit int // samples; pixels in a step
	group   int // strips in a task
	chunks  int
	steps   int
	direct  bool // sums have the order of dw: those of the first chunk are added to dw itself

	dw, sums []float32 // [strips][MR][ldc], one for each chunk that is not direct
}

// outerTable is what the sums of all batch sizes have in common.
type outerTable struct {
	tile    kernel.OuterTile
	k       int         // values in a row of the weight
	ldc     int         // values in a row of sums: so many vectors
	merge   []merge     // how a row of sums is added to one of the weight
	aligned bool        // a row of sums is one of the weight: vectors fill the taps
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

// outerSum returns the cut for n samples.
func (g *gather) outerSum(p *Plan, tile kernel.OuterTile, n, unit int) outerSum {
	if g.outer == nil || g.outer.tile != tile {
		g.outer = g.newOuterTable(p, tile)
	}
	s := outerSum{outerTable: g.outer, g: g, n: n, unit: unit}
	for i := range g.classes {
		s.steps += s.stepsOf(i)
	}
	const enough = 16 // tasks
	blocks := max(1, s.steps*unit/pixelBlock)
	s.group = min(4, len(s.strips)/enough) // these share the pixels in the cache
	if unit == quad {
		s.group = min(8, len(s.strips)*min(blocks, enough)/8) // and what packing them costs: rather cut the pixels
	}
	s.group = max(1, s.group)
	s.chunks = max(1, min(enough/s.groups(), blocks))
	s.direct = s.aligned && p.O/p.Groups%tile.MR == 0
	return s
}

// begin prepares the sums that end has added to dw.
func (s *outerSum) begin(arena *tensor.Arena, dw []float32) {
	chunks := s.chunks
	if s.direct {
		chunks--
	}
	s.dw, s.sums = dw, arena.Floats(chunks*len(s.strips)*s.stripLen())
}

func (s *outerSum) end(workers *parallel.Pool, arena *tensor.Arena) {
	if len(s.sums) > 0 {
		parallel.Run(workers, len(s.strips), addition{*s})
	}
	arena.Release(s.sums)
}

// sumsOf returns the sums of a chunk from a strip on.
func (s *outerSum) sumsOf(chunk, strip int) []float32 {
	if s.direct {
		if chunk == 0 {
			return s.dw[strip*s.stripLen():]
		}
		chunk--
	}
	return s.sums[(chunk*len(s.strips)+strip)*s.stripLen():]
}

func (s *outerSum) stepsOf(class int) int {
	return (s.n*s.g.classes[class].size() + s.unit - 1) / s.unit
}

func (s *outerSum) groups() int { return (len(s.strips) + s.group - 1) / s.group }
func (s *outerSum) tasks() int  { return s.groups() * s.chunks }

// stripLen returns the number of values of a strip's sums.
func (s *outerSum) stripLen() int { return s.tile.MR * s.ldc }

// stripOf returns the i-th of strips' sums.
func (s *outerSum) stripOf(sums []float32, i int) []float32 {
	return sums[i*s.stripLen():][:s.stripLen()]
}

// An outerTask computes the sums of some strips over the steps [first, end).
type outerTask struct {
	strips     []strip
	sums       []float32
	first, end int
}

func (s *outerSum) task(task int) outerTask {
	first, chunk := task/s.chunks*s.group, task%s.chunks
	end := min(first+s.group, len(s.strips))
	t := outerTask{
		strips: s.strips[first:end], sums: s.sumsOf(chunk, first)[:(end-first)*s.stripLen()],
		first: s.steps * chunk / s.chunks, end: s.steps * (chunk + 1) / s.chunks,
	}
	if chunk > 0 || !s.direct {
		clear(t.sums)
	}
	return t
}

// An outerBlock are the pixels [first, first+count) of a class, counted over all
// samples.
type outerBlock struct{ class, first, count int }

// block returns the block that begins at a step.
func (s *outerSum) block(step, end int) outerBlock {
	for class := range s.g.classes {
		size := s.stepsOf(class)
		if step < size {
			first := step * s.unit
			last := min(end*s.unit, s.n*s.g.classes[class].size())
			return outerBlock{class, first, min(pixelBlock, last-first)}
		}
		step, end = step-size, end-size
	}
	panic("gemm: a step beyond the sum")
}

// windows writes where the windows of a block's pixels begin in samples of so many
// values. The last one is repeated to fill steps.
func (s *outerSum) windows(rows *[pixelBlock]int, b outerBlock, length int) []int {
	i := 0
	for sample, seen := range s.g.within(b.class, b.first, b.count) {
		for _, row := range s.g.rows[seen.first:seen.end] {
			rows[i] = sample*length + row
			i++
		}
	}
	for ; i%s.unit != 0; i++ {
		rows[i] = rows[b.count-1]
	}
	return rows[:i]
}

// A blockGradient says where the gradients of a block's pixels begin in dy, and
// what they are multiplied by.
type blockGradient struct {
	rows    [pixelBlock]int
	factors [pixelBlock]float32
}

// fill takes the pixels of a block in samples of so many values and returns how many
// they are. The last one, times zero, is repeated to fill steps.
func (g *blockGradient) fill(s *outerSum, b outerBlock, length int, scale []float32) int {
	i := 0
	for sample, seen := range s.g.within(b.class, b.first, b.count) {
		for _, out := range s.g.outs[seen.first:seen.end] {
			g.rows[i], g.factors[i] = sample*length+out, scale[sample]
			i++
		}
	}
	for ; i%s.unit != 0; i++ {
		g.rows[i], g.factors[i] = g.rows[b.count-1], 0
	}
	return i
}

// An addition adds the sums of strips to dw, chunk by chunk.
type addition struct{ outerSum }

func (a *addition) Chunk(_, i int) {
	total := a.sumsOf(0, i)[:a.stripLen()]
	for c := 1; c < a.chunks; c++ {
		kernel.Add(total, total, a.sumsOf(c, i)[:a.stripLen()])
	}
	if a.direct {
		return
	}
	for o := a.strips[i].first; o < a.strips[i].end; o++ {
		row := total[(o-a.strips[i].first)*a.ldc:][:a.ldc]
		for _, m := range a.merge {
			to := a.dw[o*a.k+m.k:][:m.n]
			kernel.Add(to, to, row[m.sum:][:m.n])
		}
	}
}

// newOuterTable cuts the window into vectors, the last one of a part short where
// that is enough. A vector that lies within a tap serves all classes that reach the
// tap. Where vectors do not fill taps, a row of taps is cut as a whole, and anew for
// the classes that reach a part of it; what a vector reads beyond its part is left
// out when the sums are merged.
func (g *gather) newOuterTable(p *Plan, tile kernel.OuterTile) *outerTable {
	t := &outerTable{tile: tile, k: p.K(), columns: make([][]columns, len(g.classes)), aligned: g.depth%tile.Lanes == 0}
	if t.aligned {
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
					if !t.aligned {
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
			if g.contiguous && !t.aligned {
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

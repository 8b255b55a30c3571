package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// WeightGradient adds the gradient of the weight [O, KH, KW, C/Groups],
//
//	dw[o,kh,kw,c] += sum(i, oh, ow) dy[i,oh,ow,o] * x[i, oh*SH+kh*DH-PH, ow*SW+kw*DW-PW, c]
//
// for n samples, with x in the frame p.Input (and with slack behind it) and dy
// bare. The sum is cut into chunks that depend on the problem only and added
// up in their order, so the bits do not depend on the number of workers.
func (p *Plan) WeightGradient(workers *parallel.Pool, arena *tensor.Arena, dw, dy, x []float32, n int) {
	if p.depthwise != nil {
		p.depthwiseWeightGradient(workers, arena, dw, dy, x, n)
		return
	}
	if p.merged != nil {
		p.mergedWeightGradient(workers, arena, dw, dy, x, n)
		return
	}
	x = x[:len(x)+tensor.Slack]
	tile := kernel.TileOuter()
	total := n * len(p.forward.rows)
	grad := rowsOf{dy, p.O}
	if p.O < tile.MR { // the kernel always reads MR channels
		grad = rowsOf{arena.Floats(total * tile.MR), tile.MR}
		defer arena.Release(grad.data)
		widen(workers, grad, rowsOf{dy, p.O})
	}
	strips := p.strips(tile, grad.width)
	chunks := 1
	if len(strips) < 8 {
		chunks = max(1, min(16, total/pixelBlock))
	}
	size := len(strips[0].columns) * tile.MR * tile.Lanes
	sums := arena.Floats(len(strips) * chunks * size)
	sumsOf := func(strip, chunk int) []float32 { return sums[(strip*chunks+chunk)*size:][:size] }
	workers.For(len(strips)*chunks, func(task int) {
		strip, chunk := task/chunks, task%chunks
		p.outerProducts(sumsOf(strip, chunk), grad, x, &strips[strip], total*chunk/chunks, total*(chunk+1)/chunks)
	})
	workers.For(len(strips), func(i int) {
		sum := sumsOf(i, 0)
		for c := 1; c < chunks; c++ {
			kernel.Add(sum, sum, sumsOf(i, c))
		}
		strips[i].addTo(dw, sum, p.K())
	})
	arena.Release(sums)
}

// pixelBlock is the number of pixels whose values stay in the caches while all
// tiles of a task visit them.
const pixelBlock = 256

// rowsOf is a matrix of rows of the given width.
type rowsOf struct {
	data  []float32
	width int
}

// widen copies the rows of src into the wider rows of dst and fills up with zeros.
func widen(workers *parallel.Pool, dst, src rowsOf) {
	const block = 1024
	rows := len(src.data) / src.width
	workers.For((rows+block-1)/block, func(i int) {
		for r := i * block; r < min((i+1)*block, rows); r++ {
			out := dst.data[r*dst.width:][:dst.width]
			clear(out[copy(out, src.data[r*src.width:][:src.width]):])
		}
	})
}

// A column is a vector of neighbouring values of the window: they start at x
// in the window and belong to weight columns [k, k+n).
type column struct{ x, k, n int }

// columns cuts the window of one group into vectors.
func (g *gather) columns(lanes int) []column {
	var all []column
	for s, off := range g.segs {
		for i := 0; i < g.seglen; i += lanes {
			all = append(all, column{x: off + i, k: s*g.seglen + i, n: min(lanes, g.seglen-i)})
		}
	}
	if len(all)%2 == 1 {
		all = append(all, column{x: all[0].x}) // an idle partner: n is 0
	}
	return all
}

// A strip is one row of tiles of the weight gradient: rows [first, end), which
// lie in one group, and all columns. Its sums are kept tile by tile, [pair of
// columns][MR][2][Lanes].
type strip struct {
	tile       kernel.OuterTile
	columns    []column
	first, end int
	low        int // the row its tiles start at: at the end they reach back over rows of another strip
	group      int
}

func (p *Plan) strips(tile kernel.OuterTile, rows int) []strip {
	var all []strip
	columns, perGroup := p.forward.columns(tile.Lanes), p.O/p.Groups
	for group := range p.Groups {
		for o := 0; o < perGroup; o += tile.MR {
			first := group*perGroup + o
			all = append(all, strip{
				tile: tile, columns: columns, group: group,
				first: first, end: min(first+tile.MR, (group+1)*perGroup), low: min(first, rows-tile.MR),
			})
		}
	}
	return all
}

// outerProducts writes to sums the outer products of pixels [from, to) for one
// strip.
func (p *Plan) outerProducts(sums []float32, dy rowsOf, x []float32, s *strip, from, to int) {
	var rows [pixelBlock]int
	size := 2 * s.tile.MR * s.tile.Lanes
	clear(sums)
	for ; from < to; from += pixelBlock {
		count := min(pixelBlock, to-from)
		p.forward.absolute(rows[:count], from, p.Input.Len(), s.group*(p.C/p.Groups))
		for c := 0; c < len(s.columns); c += 2 {
			kernel.OuterF32(sums[c/2*size:][:size], dy.data[from*dy.width+s.low:], dy.width, x, rows[:count], s.columns[c].x, s.columns[c+1].x)
		}
	}
}

// addTo adds a strip's sums to the rows of dw, which have k values each.
func (s *strip) addTo(dw, sums []float32, k int) {
	for i, col := range s.columns {
		pair, half := i/2, i%2
		for o := s.first; o < s.end; o++ {
			from := sums[((pair*s.tile.MR+o-s.low)*2+half)*s.tile.Lanes:]
			kernel.Add(dw[o*k+col.k:][:col.n], dw[o*k+col.k:][:col.n], from[:col.n])
		}
	}
}

// absolute writes the starts of len(rows) windows from pixel m on, counted
// over all samples.
func (g *gather) absolute(rows []int, m, sampleLen, shift int) {
	base, pixel := m/len(g.rows)*sampleLen+shift, m%len(g.rows)
	for len(rows) > 0 {
		here := min(len(rows), len(g.rows)-pixel)
		for i, start := range g.rows[pixel : pixel+here] {
			rows[i] = base + start
		}
		rows, base, pixel = rows[here:], base+sampleLen, 0
	}
}

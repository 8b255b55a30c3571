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
	x = x[:len(x)+tensor.Slack]
	p.weightGradient(workers, arena, dw, dy, n, func(t *outerTile, rows []int) {
		kernel.OuterF32(t.acc[:], t.dy, t.ld, x, rows, t.col0, t.col1)
	})
}

// WeightGradientCodes is WeightGradient for an x of activation codes, each
// sample with a factor:
//
//	dw[o,kh,kw,c] += sum(i) scale[i] * sum(oh, ow) dy[i,oh,ow,o] * x[...]
func (p *Plan) WeightGradientCodes(workers *parallel.Pool, arena *tensor.Arena, dw, dy []float32, x []uint8, n int, scale []float32) {
	x = x[:len(x)+tensor.Slack]
	pixels := len(p.forward.rows)
	if pixels == 1 { // a sample is one row: scale the rows, so that many share a call
		scaled := arena.Floats(n * p.O)
		workers.For(n, func(i int) {
			kernel.Combine(scaled[i*p.O:][:p.O], scale[i], dy[i*p.O:][:p.O], 0, dy[i*p.O:][:p.O], 0)
		})
		p.weightGradient(workers, arena, dw, scaled, n, func(t *outerTile, rows []int) {
			kernel.OuterU8(t.acc[:], 1, t.dy, t.ld, x, rows, t.col0, t.col1)
		})
		arena.Release(scaled)
		return
	}
	p.weightGradient(workers, arena, dw, dy, n, func(t *outerTile, rows []int) {
		for len(rows) > 0 {
			sample := t.pixel / pixels
			here := min(len(rows), (sample+1)*pixels-t.pixel)
			kernel.OuterU8(t.acc[:], scale[sample], t.dy, t.ld, x, rows[:here], t.col0, t.col1)
			if rows = rows[here:]; len(rows) > 0 {
				t.dy, t.pixel = t.dy[here*t.ld:], t.pixel+here
			}
		}
	})
}

// An outerTile is one call of an outer-product kernel.
type outerTile struct {
	acc        [maxTile]float32
	dy         []float32 // the tile's first output channel at the first pixel
	ld         int       // distance of two pixels in dy
	pixel      int       // the first pixel, counted over all samples
	col0, col1 int
}

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

// pixelBlock is the number of pixels whose values stay in the caches while all
// tiles of a task visit them.
const pixelBlock = 256

func (p *Plan) weightGradient(workers *parallel.Pool, arena *tensor.Arena, dw, dy []float32, n int, multiply func(*outerTile, []int)) {
	tile := kernel.TileOuter()
	columns := p.forward.columns(tile.Lanes)
	total := n * len(p.forward.rows)
	grad := rowsOf{dy, p.O}
	if p.O < tile.MR { // the kernel always reads MR channels
		grad = rowsOf{arena.Floats(total * tile.MR), tile.MR}
		defer arena.Release(grad.data)
		widen(workers, grad, rowsOf{dy, p.O})
	}
	perGroup := (p.O/p.Groups + tile.MR - 1) / tile.MR
	tiles := p.Groups * perGroup

	chunks := 1
	if tiles < 8 {
		chunks = max(1, min(16, total/pixelBlock))
	}
	partial, size := dw, len(dw)
	if chunks > 1 {
		partial = arena.Floats(chunks * size)
	}
	workers.For(tiles*chunks, func(task int) {
		chunk, rowTile := task/tiles, task%tiles
		part := partial[chunk*size:][:size]
		group := rowTile / perGroup
		first := group*(p.O/p.Groups) + rowTile%perGroup*tile.MR
		end := min(first+tile.MR, (group+1)*(p.O/p.Groups))
		if chunks > 1 {
			clear(part[first*p.K() : end*p.K()])
		}
		p.outerProducts(part, grad, columns, tile, first, end, group, total*chunk/chunks, total*(chunk+1)/chunks, multiply)
	})
	if chunks > 1 {
		reduce(workers, dw, partial, chunks)
		arena.Release(partial)
	}
}

// outerProducts adds the outer products of pixels [from, to) to the weight
// gradient's rows [first, end), which lie in one group.
func (p *Plan) outerProducts(dw []float32, dy rowsOf, columns []column, tile kernel.OuterTile, first, end, group, from, to int, multiply func(*outerTile, []int)) {
	var rows [pixelBlock]int
	t := &outerTile{ld: dy.width}
	low := min(first, dy.width-tile.MR) // a tile at the end reaches back over rows that are not its own
	for ; from < to; from += pixelBlock {
		count := min(pixelBlock, to-from)
		p.forward.absolute(rows[:count], from, p.Input.Len(), group*(p.C/p.Groups))
		for c := 0; c < len(columns); c += 2 {
			pair := columns[c : c+2]
			clear(t.acc[:2*tile.MR*tile.Lanes])
			t.dy, t.pixel = dy.data[from*dy.width+low:], from
			t.col0, t.col1 = pair[0].x, pair[1].x
			multiply(t, rows[:count])
			for o := first; o < end; o++ {
				for h, col := range pair {
					sum := t.acc[((o-low)*2+h)*tile.Lanes:][:col.n]
					out := dw[o*p.K()+col.k:][:col.n]
					for j, v := range sum {
						out[j] += v
					}
				}
			}
		}
	}
}

// absolute writes the starts of len(rows) windows from pixel m on, counted
// over all samples.
func (g *gather) absolute(rows []int, m, sampleLen, shift int) {
	pixels := len(g.rows)
	base, pixel := m/pixels*sampleLen+shift, m%pixels
	for i := range rows {
		rows[i] = base + g.rows[pixel]
		if pixel++; pixel == pixels {
			base, pixel = base+sampleLen, 0
		}
	}
}

// reduce adds the chunks' partial sums in order: dw[i] += sum(c) partial[c][i].
func reduce(workers *parallel.Pool, dw, partial []float32, chunks int) {
	const block = 4096
	workers.For((len(dw)+block-1)/block, func(i int) {
		out := dw[i*block : min((i+1)*block, len(dw))]
		for c := range chunks {
			kernel.Add(out, out, partial[c*len(dw)+i*block:][:len(out)])
		}
	})
}

package autograd

import "github.com/AlarioAI/bitnet/internal/kernel"

// Products of small matrices on the tiles of package kernel, for operations
// that make many of them and pack their operands themselves.

// A matrix lies in a larger array: element (i, j) is data[i*stride+j].
type matrix struct {
	data       []float32
	stride     int
	rows, cols int
}

func (m matrix) row(i int) []float32 { return m.data[i*m.stride:][:m.cols] }

// stripRows is the number of rows of a strip: a multiple of every tile's rows.
const stripRows = 48

// strip returns strip i of the rows.
func (m matrix) strip(i int) matrix {
	first := i * stripRows
	return matrix{m.data[first*m.stride:], m.stride, min(stripRows, m.rows-first), m.cols}
}

// starts writes where the rows begin, and returns them with the last one again
// and again until they fill tiles of mr rows.
func (m matrix) starts(at *[stripRows]int, mr int) []int {
	for i := range m.rows {
		at[i] = i * m.stride
	}
	n := (m.rows + mr - 1) / mr * mr
	for i := m.rows; i < n; i++ {
		at[i] = at[m.rows-1]
	}
	return at[:n]
}

// newStrip returns a strip in a buffer of stripLen(cols) values. Its rows lie an
// odd number of cache lines apart: in a column, they share no set of the cache.
func newStrip(buf []float32, rows, cols int) matrix {
	return matrix{buf, stripStride(cols), rows, cols}
}

func stripStride(cols int) int { return wholeLines(cols) | cacheLine }

// stripLen leaves room for a tile that begins in the last columns.
func stripLen(cols int) int { return stripRows*stripStride(cols) + kernel.TileOuter().MR }

// tileLen is the length of the scratch memory that a product needs: a strip's
// rows of the widest tile.
const tileLen = stripRows * 32

// A packed matrix is the right operand of a product: its columns in panels of
// the width of a tile or, where they fit a narrow one, of half of that. The
// rows of a panel follow each other. What lies in the columns that fill up the
// last panel does not matter: their products are not stored.
type packed struct {
	data       []float32
	rows, cols int
}

// packedLen returns the length of a packed matrix.
func packedLen(rows, cols int) int {
	half := kernel.TileF32().NR / 2
	return rows * (cols + half - 1) / half * half
}

// A panel is columns [first, first+n) of a packed matrix, in rows of the given
// width.
type panel struct {
	first, n, width int
	data            []float32
}

func (b packed) panels(yield func(panel) bool) {
	nr := kernel.TileF32().NR
	for first := 0; first < b.cols; first += nr {
		p := panel{first: first, n: min(nr, b.cols-first), width: nr}
		if p.n <= nr/2 {
			p.width = nr / 2
		}
		p.data = b.data[b.rows*first:][:b.rows*p.width]
		if !yield(p) {
			return
		}
	}
}

// pack packs m.
func pack(buf []float32, m matrix) packed {
	b := packed{buf, m.rows, m.cols}
	for p := range b.panels {
		for i := range m.rows {
			copy(p.data[i*p.width:][:p.n], m.row(i)[p.first:])
		}
	}
	return b
}

// packTransposed packs the transpose of m, multiplied by a.
func packTransposed(buf []float32, m matrix, a float32) packed {
	b := packed{buf, m.cols, m.rows}
	for p := range b.panels {
		kernel.Transpose(p.data, p.width, m.data[p.first*m.stride:], m.stride, p.n, m.cols, a)
	}
	return b
}

// product computes a strip of a product, c = a b, with bias[j] added to column j:
// a nil bias stands for zeros.
func (b packed) product(c, a matrix, bias, tile []float32) {
	var from, to [stripRows]int
	rows, outs, segs := a.starts(&from, kernel.TileF32().MR), c.starts(&to, 1), [1]kernel.Segment{}
	for p := range b.panels {
		kernel.GemmF32(tile, nil, p.width, a.data, rows, segs[:], a.cols, p.data)
		var shift []float32
		if bias != nil {
			shift = bias[p.first:][:p.n]
		}
		kernel.StoreF32(c.data[p.first:], outs, tile, p.width, p.n, shift)
	}
}

// outerSums is a matrix that is a sum of outer products, kept tile by tile of
// kernel.OuterF32: first the tiles of all rows for one panel of columns.
type outerSums struct {
	data       []float32
	rows, cols int
}

// outerLen returns the length of the sums.
func outerLen(rows, cols int) int {
	t := kernel.TileOuter()
	tall, wide := (rows+t.MR-1)/t.MR, (cols+2*t.Lanes-1)/(2*t.Lanes)
	return tall * t.MR * wide * 2 * t.Lanes
}

// newOuterSums returns sums of zero.
func newOuterSums(buf []float32, rows, cols int) outerSums {
	clear(buf)
	return outerSums{buf, rows, cols}
}

// add adds the transpose of a strip times rows of b, from the given one on. A
// panel of b is as wide as a tile here, or half as wide.
func (s outerSums) add(a matrix, b packed, first int) {
	t := kernel.TileOuter()
	size, at := 2*t.MR*t.Lanes, s.data
	for p := range b.panels {
		var pixels [stripRows]kernel.Pixel
		for i := range a.rows {
			pixels[i] = kernel.Pixel{G: i * a.stride, X: i * p.width}
		}
		cols := [2]kernel.Column{{}, {C: t.Lanes, X: t.Lanes}}
		for i := 0; i < a.cols; i += t.MR {
			kernel.OuterF32(at[:size], 2*t.Lanes, t.MR, t.Lanes, a.data[i:], p.data[first*p.width:], false, pixels[:a.rows], cols[:p.width/t.Lanes])
			at = at[size:]
		}
	}
}

// store writes the sums to c.
func (s outerSums) store(c matrix) {
	t := kernel.TileOuter()
	wide, at := 2*t.Lanes, s.data
	for first := 0; first < s.cols; first += wide {
		for i := range (s.rows + stripRows - 1) / stripRows {
			var starts [stripRows]int
			strip := c.strip(i)
			kernel.StoreF32(strip.data[first:], strip.starts(&starts, 1), at[i*stripRows*wide:], wide, min(wide, s.cols-first), nil)
		}
		at = at[(s.rows+t.MR-1)/t.MR*t.MR*wide:]
	}
}

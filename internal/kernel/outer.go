package kernel

import "fmt"

// Weight gradients are sums of outer products over pixels: both operands are
// read where they lie. A tile covers MR output channels and one to three
// vectors of neighbouring values of the input, Lanes each or, where there are few,
// Narrow.

// An OuterTile is the shape of a tile of outer products.
type OuterTile struct {
	MR     int // output channels
	Low    int // output channels of a low tile, for few of them
	Lanes  int // values in each of the vectors
	Narrow int // values in a short vector: a half, where that is faster
}

// Width returns the length of a vector for n values: Narrow or Lanes.
func (t OuterTile) Width(n int) int {
	if n <= t.Narrow {
		return t.Narrow
	}
	return t.Lanes
}

// Height returns the number of rows for n output channels: Low or MR.
func (t OuterTile) Height(n int) int {
	if n <= t.Low {
		return t.Low
	}
	return t.MR
}

// MaxOuterCols is the largest number of vectors in a tile of outer products.
const MaxOuterCols = 3

// A Pixel says where a pixel's output gradients and the window of its inputs
// begin. (It has no name of its own because the stubs of the assembly know none.)
type Pixel = struct{ G, X int }

// A Column says where a vector of the inputs begins in a window, and where its
// sums begin in a row of c. (It has no name of its own for the same reason.)
type Column = struct{ C, X int }

// OuterF32 adds the outer products of some pixels to a tile. With M = rows and V = lanes,
// which are a Height and a Width of TileOuter, and H = len(cols), from 1 to MaxOuterCols,
//
//	c[i*ldc+cols[h].C+j] += sum(p in pixels) g[p.G+i] * x[p.X+cols[h].X+j]
//
// for i < M, h < H, j < V. The columns' sums do not overlap. That pixels and
// columns begin within g and x, and end within their capacity, is up to the caller.
// Columns of x that are cold, in no cache yet, are sent for some pixels ahead.
func OuterF32(c []float32, ldc, rows, lanes int, g, x []float32, cold bool, pixels []Pixel, cols []Column) {
	if t := TileOuter(); rows != t.Height(rows) || !t.holds(len(c), ldc, rows, lanes, cols) {
		panic(fmt.Sprintf("kernel.OuterF32: %d values of c in rows of %d for %d rows and %d columns of %d", len(c), ldc, rows, len(cols), lanes))
	}
	outerF32(c, ldc, rows, lanes, g, x, cold, pixels, cols)
}

// holds reports whether c holds the sums of so many rows of the columns.
func (t OuterTile) holds(c, ldc, rows, lanes int, cols []Column) bool {
	if len(cols) < 1 || len(cols) > MaxOuterCols || lanes != t.Width(lanes) {
		return false
	}
	for _, col := range cols {
		if col.C < 0 || col.C+lanes > ldc || (rows-1)*ldc+col.C+lanes > c {
			return false
		}
	}
	return true
}

// outerF32Generic takes four pixels at a time, so that a sum is read and written once for
// four products.
func outerF32Generic(c []float32, ldc, rows, lanes int, g, x []float32, pixels []Pixel, cols []Column) {
	for ; len(pixels) >= 4; pixels = pixels[4:] {
		p0, p1, p2, p3 := pixels[0], pixels[1], pixels[2], pixels[3]
		g0, g1, g2, g3 := g[p0.G:][:rows], g[p1.G:][:rows], g[p2.G:][:rows], g[p3.G:][:rows]
		for _, col := range cols {
			x0, x1, x2, x3 := x[p0.X+col.X:][:lanes], x[p1.X+col.X:][:lanes], x[p2.X+col.X:][:lanes], x[p3.X+col.X:][:lanes]
			for i, d0 := range g0 {
				d1, d2, d3 := g1[i], g2[i], g3[i]
				at := c[i*ldc+col.C:][:lanes]
				for j, sum := range at {
					at[j] = sum + d0*x0[j] + d1*x1[j] + d2*x2[j] + d3*x3[j]
				}
			}
		}
	}
	for _, p := range pixels {
		for i, d := range g[p.G:][:rows] {
			for _, col := range cols {
				at := c[i*ldc+col.C:][:lanes]
				for j, v := range x[p.X+col.X:][:lanes] {
					at[j] += d * v
				}
			}
		}
	}
}

// OuterBF16 is OuterF32 for bfloat16, whose products are added up in float32.
// It takes pixels in pairs: rows has an even length, and g holds the output
// gradients of the two pixels of a pair one beside the other. With V = lanes,
// H = len(cols) and p the pairs,
//
//	c[i*ldc+cols[h].C+j] += sum(p, q<2) g[(p*ldg+i)*2+q] * x[rows[2*p+q]+cols[h].X+j]
//
// Subnormal values may count as zero.
func OuterBF16(c []float32, ldc, lanes int, g []uint16, ldg int, x []uint16, rows []int, cols []Column) {
	t, pairs := TileOuterBF16(), len(rows)/2
	if len(rows)%2 != 0 || !t.holds(len(c), ldc, t.MR, lanes, cols) || pairs > 0 && (ldg < 0 || len(g) < 2*((pairs-1)*ldg+t.MR)) {
		panic(fmt.Sprintf("kernel.OuterBF16: %d values of c in rows of %d for %d columns of %d, %d of g for %d pixels with a stride of %d",
			len(c), ldc, len(cols), lanes, len(g), len(rows), ldg))
	}
	outerBF16(c, ldc, lanes, g, ldg, x, rows, cols)
}

func outerBF16Generic(c []float32, ldc, lanes int, g []uint16, ldg int, x []uint16, rows []int, cols []Column) {
	t := genericOuter
	for p, row := range rows {
		for i := range t.MR {
			d := floatOf(g[(p/2*ldg+i)*2+p%2])
			for _, col := range cols {
				at := c[i*ldc+col.C:][:lanes]
				for j, v := range x[row+col.X:][:lanes] {
					at[j] += d * floatOf(v)
				}
			}
		}
	}
}

var genericOuter = OuterTile{MR: 4, Low: 4, Lanes: 8, Narrow: 8}

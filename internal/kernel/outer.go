package kernel

import "fmt"

// Weight gradients are sums of outer products over pixels: both operands are
// read where they lie. A tile covers MR output channels and two vectors of
// Lanes neighbouring values of the input, which start at x[rows[p]+col0] and
// x[rows[p]+col1].

// An OuterTile is the shape of a tile of outer products.
type OuterTile struct {
	MR    int // output channels
	Lanes int // values in each of the two vectors
}

// holds reports whether the operands of a tile over some pixels are long enough.
func (t OuterTile) holds(c, g, ldg, pixels int) bool {
	return c >= 2*t.MR*t.Lanes && (pixels == 0 || ldg >= 0 && g >= (pixels-1)*ldg+t.MR)
}

func outerMistake(op string, c, g, ldg, pixels int) string {
	return fmt.Sprintf("kernel.%s: %d values of c, and %d of g for %d pixels with a stride of %d", op, c, g, pixels, ldg)
}

// OuterF32 adds the outer products of len(rows) pixels to a tile. With V = Lanes,
//
//	c[(2*i+h)*V+j] += sum(p) g[p*ldg+i] * x[rows[p]+col(h)+j]
//
// for i < MR, h in {0, 1}, j < V, and col(0) = col0, col(1) = col1. That rows
// and columns stay within x is up to the caller.
func OuterF32(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int) {
	if !TileOuter().holds(len(c), len(g), ldg, len(rows)) {
		panic(outerMistake("OuterF32", len(c), len(g), ldg, len(rows)))
	}
	outerF32(c, g, ldg, x, rows, col0, col1)
}

func outerF32Generic(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int) {
	t := genericOuter
	for p, row := range rows {
		for i, d := range g[p*ldg:][:t.MR] {
			at := c[2*i*t.Lanes:][:2*t.Lanes]
			for j, v := range x[row+col0:][:t.Lanes] {
				at[j] += d * v
			}
			for j, v := range x[row+col1:][:t.Lanes] {
				at[t.Lanes+j] += d * v
			}
		}
	}
}

// OuterBF16 is OuterF32 for bfloat16, whose products are added up in float32.
// It takes pixels in pairs: rows has an even length, and g holds the channels
// of the two pixels of a pair one beside the other. With V = Lanes and p
// the pairs,
//
//	c[(2*i+h)*V+j] += sum(p, q<2) g[(p*ldg+i)*2+q] * x[rows[2*p+q]+col(h)+j]
//
// Subnormal values may count as zero.
func OuterBF16(c []float32, g []uint16, ldg int, x []uint16, rows []int, col0, col1 int) {
	if len(rows)%2 != 0 || !TileOuterBF16().holds(len(c), len(g)/2, ldg, len(rows)/2) {
		panic(outerMistake("OuterBF16", len(c), len(g)/2, ldg, len(rows)/2))
	}
	outerBF16(c, g, ldg, x, rows, col0, col1)
}

func outerBF16Generic(c []float32, g []uint16, ldg int, x []uint16, rows []int, col0, col1 int) {
	t := genericOuter
	for p, row := range rows {
		for i := range t.MR {
			d := floatOf(g[(p/2*ldg+i)*2+p%2])
			at := c[2*i*t.Lanes:][:2*t.Lanes]
			for j, v := range x[row+col0:][:t.Lanes] {
				at[j] += d * floatOf(v)
			}
			for j, v := range x[row+col1:][:t.Lanes] {
				at[t.Lanes+j] += d * floatOf(v)
			}
		}
	}
}

var genericOuter = OuterTile{MR: 4, Lanes: 8}

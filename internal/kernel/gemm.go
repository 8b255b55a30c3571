package kernel

import "fmt"

// Tiles of the gather-GEMM. A product C = A B is cut into tiles of MR rows and
// NR columns, or fewer for a narrow remainder of the columns. B is packed in
// panels, so that a tile reads it in order. A is read where it lies: row i of
// the tile starts at a[rows[i]], and its K values lie in segments of equal
// length that start at the same offsets in every row. For a convolution the
// rows are output pixels and a segment is one row of the filter's window,
// which NHWC keeps contiguous (Dukhan, "The Indirect Convolution Algorithm",
// arXiv 1907.02129, with offsets in place of pointers). Segments may leave out
// rows of B: those of the window that see nothing but padding.

// A Tile is the shape of a GEMM tile.
type Tile struct {
	MR   int // rows
	NR   int // columns of the widest
	Step int // others have a multiple of it; if 0, a half or a quarter of NR, but at least 8
}

// Width returns the columns of the narrowest tile for n columns, at most NR.
func (t Tile) Width(n int) int {
	if t.Step > 0 {
		return min((n+t.Step-1)/t.Step*t.Step, t.NR)
	}
	const narrowest = 8
	w := t.NR
	for w > narrowest && n <= w/2 {
		w /= 2
	}
	return w
}

// holds reports whether the operands of a product of width n and depth k fill
// tiles and are long enough.
func (t Tile) holds(n, k, rows, b int) bool {
	return n == t.Width(n) && k >= 0 && rows > 0 && rows%t.MR == 0 && b >= k*n
}

// holdsRows reports whether size values hold rows of n values that begin at outs, as
// many as rows, or at multiples of n if outs is nil.
func holdsRows(size int, outs []int, rows, n int) bool {
	if outs == nil {
		return size >= rows*n
	}
	return len(outs) == rows && within(size, outs, n)
}

// rowAt returns where row i begins, see holdsRows.
func rowAt(outs []int, i, n int) int {
	if outs == nil {
		return i * n
	}
	return outs[i]
}

func gemmMistake(op string, n, k, c, rows, b int) string {
	return fmt.Sprintf("kernel.%s: %d columns and a depth of %d, with %d rows and arrays of %d (c) and %d (b)", op, n, k, rows, c, b)
}

// GemmF32 computes tiles of a float32 product, one below the other. With n
// their width and L = seglen,
//
//	c[outs[i]+j] = sum(s in segs, k<L) a[rows[i]+s.A+k] * b[(s.B+k)*n+j]
//
// for i < len(rows), a multiple of MR, and j < n, which must be a Width of TileF32.
// outs has as many rows as rows, or it is nil and stands for i*n. That rows and segs
// stay within a is up to the caller.
func GemmF32(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, seglen int, b []float32) {
	if k := steps(segs, seglen); !TileF32().holds(n, k, len(rows), len(b)) || !holdsRows(len(c), outs, len(rows), n) {
		panic(gemmMistake("GemmF32", n, k, len(c), len(rows), len(b)))
	}
	gemmF32(c, outs, n, a, rows, segs, seglen, b)
}

// gemmF32Generic takes four columns at a time: their sums stay in registers.
func gemmF32Generic(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, seglen int, b []float32) {
	for i, row := range rows {
		for j := 0; j < n; j += 4 {
			var c0, c1, c2, c3 float32
			for _, s := range segs {
				at := s.B*n + j
				for _, v := range a[row+s.A:][:seglen] {
					w := b[at : at+4 : at+4]
					c0 += v * w[0]
					c1 += v * w[1]
					c2 += v * w[2]
					c3 += v * w[3]
					at += n
				}
			}
			copy(c[rowAt(outs, i, n)+j:], []float32{c0, c1, c2, c3})
		}
	}
}

// GemmU8S8 computes tiles of an integer product, exactly. The values of A
// are unsigned bytes, those of B signed bytes in {-1, 0, +1}; K is cut into
// groups of four. With n the tile's width and G = groups,
//
//	c[i*n+j] = sum(s in segs, g<G, q<4) int32(a[rows[i]+s.A+4*g+q]) * int32(b[((s.B+g)*n+j)*4+q])
//
// for i < len(rows), a multiple of MR, and j < n, which must be a Width of
// TileU8S8. A segment whose length is not a multiple of four is read up to the
// next one: B must hold zeros there. That rows and segs stay within a is up to
// the caller.
func GemmU8S8(c []int32, n int, a []uint8, rows []int, segs []Segment, groups int, b []int8) {
	if k := 4 * steps(segs, groups); !TileU8S8().holds(n, k, len(rows), len(b)) || len(c) < len(rows)*n {
		panic(gemmMistake("GemmU8S8", n, k, len(c), len(rows), len(b)))
	}
	gemmU8S8(c, n, a, rows, segs, groups, b)
}

// gemmU8S8Generic takes four rows at a time. Their values lie in the fields of an
// integer, 16 bits apart, so that one multiplication by a weight serves all of them.
func gemmU8S8Generic(c []int32, n int, a []uint8, rows []int, segs []Segment, groups int, b []int8) {
	clear(c[:len(rows)*n])
	for ; len(rows) > 0; rows = rows[4:] {
		for _, s := range segs {
			for first := 0; first < groups; first += fieldGroups {
				at, k := s.A+4*first, 4*min(fieldGroups, groups-first)
				var sums [genericCols]int64
				addFields(sums[:n], a[rows[0]+at:][:k], a[rows[1]+at:][:k], a[rows[2]+at:][:k], a[rows[3]+at:][:k], b[4*(s.B+first)*n:])
				for j, sum := range sums[:n] {
					for i := range 4 {
						field := int16(sum)
						c[i*n+j] += int32(field)
						sum = (sum - int64(field)) >> 16 // a negative field has borrowed from the next
					}
				}
			}
		}
		c = c[4*n:]
	}
}

// fieldGroups is how many groups can be added up in a field of 16 bits with its sign:
// 4 * 32 * 255 is less than 1 << 15.
const fieldGroups = 32

// addFields adds the products of four rows and a panel to its columns' sums.
func addFields(sums []int64, a0, a1, a2, a3 []uint8, b []int8) {
	fields := func(k int) int64 {
		return int64(a0[k]) | int64(a1[k])<<16 | int64(a2[k])<<32 | int64(a3[k])<<48
	}
	at := 0
	for k := 0; k < len(a0); k += 4 {
		v0, v1, v2, v3 := fields(k), fields(k+1), fields(k+2), fields(k+3)
		for j := range sums {
			w := b[at : at+4 : at+4]
			sums[j] += v0*int64(w[0]) + v1*int64(w[1]) + v2*int64(w[2]) + v3*int64(w[3])
			at += 4
		}
	}
}

const genericCols = 16

var genericTile = Tile{MR: 4, NR: genericCols}

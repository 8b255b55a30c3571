package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOuterF32(t *testing.T) {
	const most, span = 400, 100 // pixels; offsets
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		tile := TileOuter()
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		xs, gs, cs := newEdge[float32](t, 3*span), newEdge[float32](t, 3*span), newEdge[float32](t, 2*MaxOuterCols*tile.MR*tile.Lanes)
		for _, count := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, most} {
			for kind := range 4 * MaxOuterCols {
				lanes, width := []int{tile.Lanes, tile.Narrow}[kind/MaxOuterCols%2], 1+kind%MaxOuterCols
				height := []int{tile.MR, tile.Low}[kind/MaxOuterCols/2]
				pixels, cols := make([]Pixel, count), newColumns(rng, lanes, width, span)
				xSize, gSize := 0, 0
				for p := range pixels {
					pixels[p] = Pixel{G: rng.IntN(span), X: rng.IntN(span)}
					gSize = max(gSize, pixels[p].G+height)
					for _, col := range cols {
						xSize = max(xSize, pixels[p].X+col.X+lanes)
					}
				}
				g, x := gs.last(gSize, normal), xs.last(xSize, normal)
				ldc := outerRow(lanes, cols)
				c := cs.last((height-1)*ldc+cols[0].C+lanes, normal)
				old, warm := slices.Clone(c), slices.Clone(c)
				// The last of each may begin at the end and lie in the slack behind it.
				g0, x0 := g[:max(0, gSize-height)], x[:max(0, xSize-lanes)]
				OuterF32(c, ldc, height, lanes, g0, x0, true, pixels, cols)
				checkOuter(t, height, lanes, c, old, ldc, count, cols, func(p, i, h, j int) (g0, x0 float32) {
					return g[pixels[p].G+i], x[pixels[p].X+cols[h].X+j]
				})
				OuterF32(warm, ldc, height, lanes, g0, x0, false, pixels, cols)
				equalBits(t, fmt.Sprintf("%d pixels, %d rows, %d columns of %d, warm", count, height, width, lanes), warm, c)
			}
		}
	})
}

// The portable form has the bits of the plain loops: each sum is taken in the order
// of the pixels.
func TestOuterF32Order(t *testing.T) {
	const span = 50 // of offsets
	rng := rand.New(rand.NewPCG(7, 8))
	onGeneric(func() {
		tile := TileOuter()
		for count := range 40 {
			pixels, cols := make([]Pixel, count), newColumns(rng, tile.Lanes, 1+count%MaxOuterCols, span)
			for p := range pixels {
				pixels[p] = Pixel{G: rng.IntN(span), X: rng.IntN(span)}
			}
			g, x, ldc := coarse(rng, span+tile.MR), coarse(rng, 2*span+tile.Lanes), outerRow(tile.Lanes, cols)
			got := normals(rng, tile.MR*ldc)
			want := slices.Clone(got)
			OuterF32(got, ldc, tile.MR, tile.Lanes, g, x, false, pixels, cols)
			for _, p := range pixels {
				for i, d := range g[p.G:][:tile.MR] {
					for _, col := range cols {
						for j, v := range x[p.X+col.X:][:tile.Lanes] {
							want[i*ldc+col.C+j] += d * v
						}
					}
				}
			}
			equalBits(t, fmt.Sprintf("%d pixels, %d columns", count, len(cols)), got, want)
		}
	})
}

func TestOuterBF16(t *testing.T) {
	const most, span = 400, 100 // pixels; offsets
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		tile := TileOuterBF16()
		normal := func(int) uint16 { return bf16Of(float32(rng.NormFloat64())) }
		xs, gs, cs := newEdge[uint16](t, 3*span), newEdge[uint16](t, most*(tile.MR+2*MaxOuterCols)), newEdge[float32](t, 2*MaxOuterCols*tile.MR*tile.Lanes)
		for _, count := range []int{0, 2, 4, 6, 8, 10, 30, most} {
			for extra := range 2 * MaxOuterCols {
				lanes, width := []int{tile.Lanes, tile.Narrow}[extra/MaxOuterCols], 1+extra%MaxOuterCols
				ldg := tile.MR + extra
				rows, cols := make([]int, count), newColumns(rng, lanes, width, span)
				size := 0
				for p := range rows {
					rows[p] = rng.IntN(span)
					for _, col := range cols {
						size = max(size, rows[p]+col.X+lanes)
					}
				}
				g, x := gs.last(max(0, count*ldg-2*extra), normal), xs.last(size, normal)
				ldc := outerRow(lanes, cols)
				c := cs.last((tile.MR-1)*ldc+cols[0].C+lanes, func(int) float32 { return float32(rng.NormFloat64()) })
				old := slices.Clone(c)
				OuterBF16(c, ldc, lanes, g, ldg, x, rows, cols)
				checkOuter(t, tile.MR, lanes, c, old, ldc, count, cols, func(p, i, h, j int) (g0, x0 float32) {
					return floatOf(g[(p/2*ldg+i)*2+p%2]), floatOf(x[rows[p]+cols[h].X+j])
				})
			}
		}
	})
}

// newColumns scatters columns in the window; in c they lie in descending order
// and with gaps.
func newColumns(rng *rand.Rand, lanes, n, span int) []Column {
	cols, at := make([]Column, n), rng.IntN(3)
	for h := range cols {
		cols[n-1-h] = Column{C: at, X: rng.IntN(span)}
		at += lanes + rng.IntN(3)
	}
	return cols
}

// outerRow returns the least length of a row of c.
func outerRow(lanes int, cols []Column) int { return cols[0].C + lanes }

// checkOuter compares a tile with its definition; factors returns the factors
// of pixel p in the sum i, h, j. What is not a sum must be as it was.
func checkOuter(t *testing.T, mr, lanes int, c, old []float32, ldc, pixels int, cols []Column, factors func(p, i, h, j int) (g, x float32)) {
	t.Helper()
	for i := range mr {
		for h, col := range cols {
			for j := range lanes {
				at := i*ldc + col.C + j
				want, terms := float64(old[at]), math.Abs(float64(old[at]))
				for p := range pixels {
					g, x := factors(p, i, h, j)
					want += float64(g) * float64(x)
					terms += math.Abs(float64(g) * float64(x))
				}
				if got := float64(c[at]); !(math.Abs(got-want) <= rounding(pixels+2)*terms) {
					t.Fatalf("%d pixels, %d columns of %d: c[%d,%d,%d] = %g, want %g", pixels, len(cols), lanes, i, h, j, got, want)
				}
				old[at] = c[at]
			}
		}
	}
	if !slices.Equal(c, old) {
		t.Fatalf("%d pixels, %d columns of %d: more is written than the sums", pixels, len(cols), lanes)
	}
}

func BenchmarkOuterF32(b *testing.B) {
	eachOuterRate(b, TileOuter, func(t OuterTile, pixels, cols, lanes int) func() {
		at := make([]Pixel, pixels)
		for i := range at {
			at[i] = Pixel{G: i * t.MR, X: i * cols * lanes}
		}
		g, x, c := make([]float32, pixels*t.MR), make([]float32, pixels*cols*lanes), make([]float32, cols*t.MR*lanes)
		return func() { OuterF32(c, cols*lanes, t.MR, lanes, g, x, false, at, inOrder(lanes, cols)) }
	})
}

func BenchmarkOuterBF16(b *testing.B) {
	eachOuterRate(b, TileOuterBF16, func(t OuterTile, pixels, cols, lanes int) func() {
		g, x, c := make([]uint16, pixels*t.MR), make([]uint16, pixels*cols*lanes), make([]float32, cols*t.MR*lanes)
		rows := evenly(pixels, cols*lanes)
		return func() { OuterBF16(c, cols*lanes, lanes, g, t.MR, x, rows, inOrder(lanes, cols)) }
	})
}

// eachOuterRate measures tiles of every shape.
func eachOuterRate(b *testing.B, tile func() OuterTile, prepare func(t OuterTile, pixels, cols, lanes int) func()) {
	for _, pixels := range []int{64, 256} {
		for cols := 1; cols <= MaxOuterCols; cols++ {
			for _, width := range []string{"full", "narrow"} {
				eachLevelRate(b, fmt.Sprintf("pixels=%d/cols=%d/width=%s", pixels, cols, width), "FLOP", func() (func(), int) {
					t := tile()
					lanes := t.Lanes
					if width == "narrow" {
						lanes = t.Narrow
					}
					return prepare(t, pixels, cols, lanes), 2 * cols * t.MR * lanes * pixels
				})
			}
		}
	}
}

// inOrder returns columns of so many lanes one beside the other.
func inOrder(lanes, n int) []Column {
	cols := make([]Column, n)
	for h := range cols {
		cols[h] = Column{C: h * lanes, X: h * lanes}
	}
	return cols
}

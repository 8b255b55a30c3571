package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestOuterF32(t *testing.T) {
	const most, span = 400, 100 // pixels; offsets
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		tile := TileOuter()
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		xs, gs, cs := newEdge[float32](t, 3*span), newEdge[float32](t, most*(tile.MR+3)), newEdge[float32](t, 2*tile.MR*tile.Lanes)
		for _, pixels := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, most} {
			for extra := range 4 {
				ldg := tile.MR + extra
				rows, cols := make([]int, pixels), [2]int{rng.IntN(span), rng.IntN(span)}
				size := 0
				for p := range rows {
					rows[p] = rng.IntN(span)
					size = max(size, rows[p]+max(cols[0], cols[1])+tile.Lanes)
				}
				x := xs.last(size, normal)
				g := gs.last(max(0, pixels*ldg-extra), normal)
				c := cs.last(2*tile.MR*tile.Lanes, normal)
				old := append([]float32(nil), c...)
				OuterF32(c, g, ldg, x, rows, cols[0], cols[1])
				for i := range tile.MR {
					for h, col := range cols {
						for j := range tile.Lanes {
							at := (2*i+h)*tile.Lanes + j
							want, terms := float64(old[at]), math.Abs(float64(old[at]))
							for p, row := range rows {
								term := float64(g[p*ldg+i]) * float64(x[row+col+j])
								want += term
								terms += math.Abs(term)
							}
							if got := float64(c[at]); !(math.Abs(got-want) <= rounding(pixels+2)*terms) {
								t.Fatalf("%d pixels, ldg %d: c[%d,%d,%d] = %g, want %g", pixels, ldg, i, h, j, got, want)
							}
						}
					}
				}
			}
		}
	})
}

func TestOuterBF16(t *testing.T) {
	const most, span = 400, 100 // pixels; offsets
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		tile := TileOuterBF16()
		normal := func(int) uint16 { return bf16Of(float32(rng.NormFloat64())) }
		xs, gs, cs := newEdge[uint16](t, 3*span), newEdge[uint16](t, most*(tile.MR+3)), newEdge[float32](t, 2*tile.MR*tile.Lanes)
		for _, pixels := range []int{0, 2, 4, 6, 8, 10, 30, most} {
			for extra := range 4 {
				ldg := tile.MR + extra
				rows, cols := make([]int, pixels), [2]int{rng.IntN(span), rng.IntN(span)}
				size := 0
				for p := range rows {
					rows[p] = rng.IntN(span)
					size = max(size, rows[p]+max(cols[0], cols[1])+tile.Lanes)
				}
				x := xs.last(size, normal)
				g := gs.last(max(0, pixels*ldg-2*extra), normal)
				c := cs.last(2*tile.MR*tile.Lanes, func(int) float32 { return float32(rng.NormFloat64()) })
				old := append([]float32(nil), c...)
				OuterBF16(c, g, ldg, x, rows, cols[0], cols[1])
				for i := range tile.MR {
					for h, col := range cols {
						for j := range tile.Lanes {
							at := (2*i+h)*tile.Lanes + j
							want, terms := float64(old[at]), math.Abs(float64(old[at]))
							for p, row := range rows {
								term := float64(floatOf(g[(p/2*ldg+i)*2+p%2])) * float64(floatOf(x[row+col+j]))
								want += term
								terms += math.Abs(term)
							}
							if got := float64(c[at]); !(math.Abs(got-want) <= rounding(pixels+2)*terms) {
								t.Fatalf("%d pixels, ldg %d: c[%d,%d,%d] = %g, want %g", pixels, ldg, i, h, j, got, want)
							}
						}
					}
				}
			}
		}
	})
}

// outerPixels are the numbers of pixels in the benchmarks.
var outerPixels = []int{64, 256}

func BenchmarkOuterF32(b *testing.B) {
	for _, pixels := range outerPixels {
		eachLevelRate(b, fmt.Sprintf("pixels=%d", pixels), "FLOP", func() (func(), int) {
			t := TileOuter()
			g, c := make([]float32, pixels*t.MR), make([]float32, 2*t.MR*t.Lanes)
			x, rows := make([]float32, pixels*2*t.Lanes), evenly(pixels, 2*t.Lanes)
			return func() { OuterF32(c, g, t.MR, x, rows, 0, t.Lanes) }, 4 * t.MR * t.Lanes * pixels
		})
	}
}

func BenchmarkOuterBF16(b *testing.B) {
	for _, pixels := range outerPixels {
		eachLevelRate(b, fmt.Sprintf("pixels=%d", pixels), "FLOP", func() (func(), int) {
			t := TileOuterBF16()
			g, c := make([]uint16, pixels*t.MR), make([]float32, 2*t.MR*t.Lanes)
			x, rows := make([]uint16, pixels*2*t.Lanes), evenly(pixels, 2*t.Lanes)
			return func() { OuterBF16(c, g, t.MR, x, rows, 0, t.Lanes) }, 4 * t.MR * t.Lanes * pixels
		})
	}
}

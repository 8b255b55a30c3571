package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestOuter(t *testing.T) {
	const most, span = 400, 100 // pixels; offsets
	t.Run("F32", func(t *testing.T) {
		eachLevel(t, func(t *testing.T) {
			x := newEdge[float32](t, 3*span)
			testOuter(t, most, span, x, func(rng *rand.Rand) float32 { return float32(rng.NormFloat64()) },
				func(x float32) float64 { return float64(x) }, 1,
				func(c []float32, _ float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int) {
					OuterF32(c, g, ldg, x, rows, col0, col1)
				})
		})
	})
	t.Run("U8", func(t *testing.T) {
		eachLevel(t, func(t *testing.T) {
			x := newEdge[uint8](t, 3*span)
			testOuter(t, most, span, x, func(rng *rand.Rand) uint8 { return uint8(rng.Uint32()) },
				func(x uint8) float64 { return float64(x) - 128 }, 0.375, OuterU8)
		})
	})
}

// testOuter compares outer, on up to most pixels, with its definition. value
// is what an element of x stands for.
func testOuter[T any](t *testing.T, most, span int, xs edge[T], random func(*rand.Rand) T, value func(T) float64, scale float32,
	outer func(c []float32, scale float32, g []float32, ldg int, x []T, rows []int, col0, col1 int)) {
	rng := rand.New(rand.NewPCG(5, 6))
	tile := TileOuter()
	normal := func(int) float32 { return float32(rng.NormFloat64()) }
	gs, cs := newEdge[float32](t, most*(tile.MR+3)), newEdge[float32](t, 2*tile.MR*tile.Lanes)
	for _, pixels := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, most} {
		for extra := range 4 {
			ldg := tile.MR + extra
			rows, cols := make([]int, pixels), [2]int{rng.IntN(span), rng.IntN(span)}
			size := 0
			for p := range rows {
				rows[p] = rng.IntN(span)
				size = max(size, rows[p]+max(cols[0], cols[1])+tile.Lanes)
			}
			x := xs.last(size, func(int) T { return random(rng) })
			g := gs.last(max(0, pixels*ldg-extra), normal)
			c := cs.last(2*tile.MR*tile.Lanes, normal)
			old := append([]float32(nil), c...)
			outer(c, scale, g, ldg, x, rows, cols[0], cols[1])
			for i := range tile.MR {
				for h, col := range cols {
					for j := range tile.Lanes {
						at := (2*i+h)*tile.Lanes + j
						want, terms := float64(old[at]), math.Abs(float64(old[at]))
						for p, row := range rows {
							term := float64(scale) * float64(g[p*ldg+i]) * value(x[row+col+j])
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

func BenchmarkOuterU8(b *testing.B) {
	for _, pixels := range outerPixels {
		eachLevelRate(b, fmt.Sprintf("pixels=%d", pixels), "FLOP", func() (func(), int) {
			t := TileOuter()
			g, c := make([]float32, pixels*t.MR), make([]float32, 2*t.MR*t.Lanes)
			x, rows := make([]uint8, pixels*2*t.Lanes), evenly(pixels, 2*t.Lanes)
			return func() { OuterU8(c, 0.5, g, t.MR, x, rows, 0, t.Lanes) }, 4 * t.MR * t.Lanes * pixels
		})
	}
}

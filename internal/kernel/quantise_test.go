package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

// codeOf is the definition of QuantiseU8. A product of two float32 is exact in
// float64, so that it is rounded once here.
func codeOf(x, center, scale float32) uint8 {
	v := float64(float32(float64(x-center) * float64(scale)))
	return uint8(128 + math.Max(-128, math.Min(127, math.RoundToEven(v))))
}

func TestQuantiseU8(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		const most = 300
		rng := rand.New(rand.NewPCG(11, 12))
		xs, codes := newEdge[float32](t, most), newEdge[uint8](t, most)
		for n := range most {
			for _, center := range []float32{0, -0.3} {
				const scale = 40
				x := xs.last(n, func(int) float32 { return float32(2 * rng.NormFloat64()) })
				codes.last(n+1, func(int) uint8 { return 99 })
				dst := codes[len(codes)-n:]
				QuantiseU8(dst, x, center, scale)
				for i, v := range x {
					if want := codeOf(v, center, scale); dst[i] != want {
						t.Fatalf("n=%d: code of (%v-%v)*%v is %d, want %d", n, v, center, scale, dst[i], want)
					}
				}
				if codes[len(codes)-n-1] != 99 {
					t.Fatalf("n=%d: wrote before the array", n)
				}
			}
		}
	})
}

// Halves and their neighbours, the ends of the range of a code and of an
// integer, and what is beyond them. Repeated, they pass through the loops over
// vectors and through the pieces at the end.
func TestQuantiseU8Boundaries(t *testing.T) {
	var x []float32
	for k := -132; k <= 132; k++ {
		v := float32(k) + 0.5
		x = append(x, float32(k), v, math.Nextafter32(v, 1000), math.Nextafter32(v, -1000))
	}
	for _, v := range []float32{
		0, math.SmallestNonzeroFloat32, 1e6, 1 << 23, 1<<23 + 1, 1 << 30, math.Nextafter32(1<<31, 0), 1 << 31,
		math.Nextafter32(1<<31, 1e20), 1 << 32, 1e19, 1e30, math.MaxFloat32, float32(math.Inf(1)),
	} {
		x = append(x, v, -v)
	}
	x = append(x, x...)
	eachLevel(t, func(t *testing.T) {
		for _, scale := range []float32{1, -1, 0.5, 3, 1e-30, 1e30} {
			for _, tail := range []int{0, 1, 2, 4, 5, 7, 8, 9, 17, 31, 33, len(x) - 3, len(x) - 9} {
				x := x[tail:]
				dst := make([]uint8, len(x))
				QuantiseU8(dst, x, 0, scale)
				for i, v := range x {
					if want := codeOf(v, 0, scale); dst[i] != want {
						t.Fatalf("n=%d: code of %v*%v is %d, want %d", len(x), v, scale, dst[i], want)
					}
				}
			}
		}
	})
}

func FuzzQuantiseU8(f *testing.F) {
	f.Add(float32(1.5), float32(0.25), float32(2))
	f.Add(float32(math.Inf(-1)), float32(0), float32(1e-40))
	f.Add(float32(math.MaxFloat32), float32(-math.MaxFloat32), float32(-1))
	f.Fuzz(func(t *testing.T, x, center, scale float32) {
		if v := (x - center) * scale; v != v {
			return
		}
		want := codeOf(x, center, scale)
		for _, level := range cpu.Levels() {
			dst := make([]uint8, 77) // all loops have a part in it
			xs := make([]float32, len(dst))
			for i := range xs {
				xs[i] = x
			}
			func() {
				defer cpu.Force(level)()
				QuantiseU8(dst, xs, center, scale)
			}()
			for i, got := range dst {
				if got != want {
					t.Fatalf("%v: code %d of (%v-%v)*%v is %d, want %d", level, i, x, center, scale, got, want)
				}
			}
		}
	})
}

func BenchmarkQuantiseU8(b *testing.B) {
	for _, n := range []int{27, 4096} {
		eachLevelRate(b, fmt.Sprintf("n=%d", n), "val", func() (func(), int) {
			x, dst := make([]float32, n), make([]uint8, n)
			return func() { QuantiseU8(dst, x, 0, 1) }, n
		})
	}
}

func TestDequantiseU8(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		const most, scale = 300, 0.0123
		codes, dst := newEdge[uint8](t, most), newEdge[float32](t, most)
		for n := range most {
			c := codes.last(n, func(i int) uint8 { return uint8(37 * (i + n)) })
			got := dst.last(n, func(int) float32 { return 7 })
			DequantiseU8(got, c, scale)
			for i, v := range c {
				if want := float32(scale) * float32(int(v)-128); got[i] != want {
					t.Fatalf("n=%d: code %d is %g, want %g", n, v, got[i], want)
				}
			}
		}
	})
}

func TestSignsS8(t *testing.T) {
	const most = 200
	nan := float32(math.NaN())
	special := []float32{0, -0.5, 0.5, math.Nextafter32(0.5, 1), math.Nextafter32(-0.5, -1), nan, float32(math.Inf(1)), float32(math.Inf(-1)), math.SmallestNonzeroFloat32}
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		xs, codes := newEdge[float32](t, most), newEdge[int8](t, most)
		for n := range most {
			for _, bounds := range [][2]float32{{-0.5, 0.5}, {math.SmallestNonzeroFloat32, 0}, {0.25, 0.25}} {
				x := xs.last(n, func(int) float32 {
					if rng.IntN(4) == 0 {
						return special[rng.IntN(len(special))]
					}
					return float32(rng.NormFloat64())
				})
				codes.last(n+1, func(int) int8 { return 99 })
				dst := codes[len(codes)-n:]
				SignsS8(dst, x, bounds[0], bounds[1])
				for i, v := range x {
					want := int8(0)
					if v > bounds[1] {
						want++
					}
					if v < bounds[0] {
						want--
					}
					if dst[i] != want {
						t.Fatalf("n=%d: code of %v between %v is %d, want %d", n, v, bounds, dst[i], want)
					}
				}
				if codes[len(codes)-n-1] != 99 {
					t.Fatalf("n=%d: wrote before the array", n)
				}
			}
		}
	})
}

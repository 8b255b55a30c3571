package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// A reduceTest is a reduction; term is what it sums, or nil if its result is exact.
type reduceTest struct {
	name string
	run  func(x, y []float32) float32
	term func(x, y float64) float64
}

const testCenter = 0.375

var reduceTests = []reduceTest{
	{"Sum", func(x, _ []float32) float32 { return Sum(x) },
		func(x, _ float64) float64 { return x }},
	{"Extent/peak", func(x, _ []float32) float32 { _, peak := Extent(x, testCenter); return peak }, nil},
	{"Extent/squares", func(x, _ []float32) float32 { squares, _ := Extent(x, testCenter); return float32(squares) },
		func(x, _ float64) float64 { return (x - testCenter) * (x - testCenter) }},
	{"SumAbs", func(x, _ []float32) float32 { return SumAbs(x) },
		func(x, _ float64) float64 { return math.Abs(x) }},
	{"Dot", func(x, y []float32) float32 { return Dot(x, y) },
		func(x, y float64) float64 { return x * y }},
}

func TestReductions(t *testing.T) {
	lengths := []int{255, 256, 257, 511, 512, 513, 1000, 1024, 4099}
	for n := range 201 {
		lengths = append(lengths, n)
	}
	for _, r := range reduceTests {
		t.Run(r.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				arena, rng := newArena(t, 2, 4099), rand.New(rand.NewPCG(3, 4))
				for _, n := range lengths {
					x, y := arena.place(0, normals(rng, n)), arena.place(1, normals(rng, n))
					r.check(t, x, y)
				}
			})
		})
	}
}

// check compares a sum with the sum in float64: each term has up to three
// roundings of its own and takes part in up to len(x) additions.
func (r *reduceTest) check(t *testing.T, x, y []float32) {
	t.Helper()
	got := r.run(x, y)
	if r.term == nil {
		var want float32
		onGeneric(func() { want = r.run(x, y) })
		if got != want {
			t.Fatalf("n=%d: %v, want %v", len(x), got, want)
		}
		return
	}
	sum, size := 0.0, 0.0
	for i := range x {
		term := r.term(float64(x[i]), float64(y[i]))
		sum += term
		size += math.Abs(term)
	}
	if limit := float64(len(x)+3) * 0x1p-24 * size; !(math.Abs(float64(got)-sum) <= limit) {
		t.Fatalf("n=%d: %v, want %v within %v", len(x), got, sum, limit)
	}
}

// TestReductionsSeeNaN puts a NaN in every lane, before and after greater
// values: where a maximum of floats could lose it.
func TestReductionsSeeNaN(t *testing.T) {
	for _, r := range reduceTests {
		t.Run(r.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				for n := range 150 {
					x := make([]float32, n)
					for i := range x {
						x[i] = float32(i)
					}
					for at, v := range x {
						x[at] = float32(math.NaN())
						if got := r.run(x, x); !isNaN(got) {
							t.Fatalf("%v of %d values with a NaN at %d", got, n, at)
						}
						x[at] = v
					}
				}
			})
		})
	}
}

// TestExtentFindsEach puts the greatest magnitude at every place.
func TestExtentFindsEach(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := range 300 {
			x := make([]float32, n)
			for at := range x {
				x[at] = -3
				if _, got := Extent(x, 1); got != 4 {
					t.Fatalf("%v of %d values with 4 at %d", got, n, at)
				}
				x[at] = 0
			}
		}
	})
}

func BenchmarkReduce(b *testing.B) {
	for _, r := range reduceTests {
		arrays := 1
		if r.name == "Dot" {
			arrays = 2
		}
		b.Run("kernel="+r.name, func(b *testing.B) {
			eachLevelBench(b, func(b *testing.B) {
				for _, n := range []int{128, 784, 8192, 1 << 20} {
					b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
						x, y := make([]float32, n), make([]float32, n)
						b.SetBytes(int64(4 * n * arrays))
						for b.Loop() {
							r.run(x, y)
						}
					})
				}
			})
		})
	}
}

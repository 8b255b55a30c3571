package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// A mapTest is an elementwise kernel. Its results are exact.
type mapTest struct {
	name    string
	run     func(a [][]float32)
	arrays  int
	inPlace []int // arrays that may be array 0
}

var mapTests = []mapTest{
	{"Add", func(a [][]float32) { Add(a[0], a[1], a[2]) }, 3, []int{1, 2}},
	{"Combine", func(a [][]float32) { Combine(a[0], 1.7, a[1], -0.3, a[2], 0.01) }, 3, []int{1, 2}},
	{"ReLU", func(a [][]float32) { ReLU(a[0], a[1], Caches) }, 2, []int{1}},
	{"ReLUGrad", func(a [][]float32) { ReLUGrad(a[0], a[1], a[2]) }, 3, []int{1}},
	{"Adam", func(a [][]float32) {
		Adam(a[0], a[1], a[2], a[3], &AdamStep{Beta1: 0.9, Gain1: 0.1, Beta2: 0.999, Gain2: 0.001, Rate: 1e-3, RootCorrect: 0.3, Eps: 1e-8})
	}, 4, nil},
}

func TestMaps(t *testing.T) {
	lengths := []int{1023, 1024, 4099}
	for n := range 201 {
		lengths = append(lengths, n)
	}
	for _, m := range mapTests {
		t.Run(m.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				arena, rng := newArena(t, m.arrays, 4099), rand.New(rand.NewPCG(1, 2))
				for _, n := range lengths {
					m.check(t, arena, rng, n, 0)
					for _, same := range m.inPlace {
						m.check(t, arena, rng, n, same)
					}
				}
			})
		})
	}
}

// check compares one call with the portable level. Array same is also array 0.
func (m *mapTest) check(t *testing.T, arena arena, rng *rand.Rand, n, same int) {
	t.Helper()
	got, want := make([][]float32, m.arrays), make([][]float32, m.arrays)
	for i := range want {
		want[i] = oddities(rng, n)
		got[i] = arena.place(i, want[i])
	}
	got[0], want[0] = got[same], want[same]
	onGeneric(func() { m.run(want) })
	m.run(got)
	for i := range want {
		equalBits(t, fmt.Sprintf("array %d", i), got[i], want[i])
		arena.check(t, i, n)
	}
}

func TestReLUKeepsNaNAndNegativeZero(t *testing.T) {
	x := []float32{-1, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(-1)), 2}
	want := []float32{0, x[1], x[2], 0, 2}
	eachLevel(t, func(t *testing.T) {
		y := make([]float32, len(x))
		ReLU(y, x, Caches)
		equalBits(t, "y", y, want)
	})
}

func TestMapsRefuseLengths(t *testing.T) {
	for _, m := range mapTests {
		for short := range m.arrays {
			a := make([][]float32, m.arrays)
			for i := range a {
				a[i] = make([]float32, 10)
			}
			a[short] = a[short][1:]
			if !panics(func() { m.run(a) }) {
				t.Errorf("%s: no panic with array %d too short", m.name, short)
			}
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return
}

func BenchmarkMap(b *testing.B) {
	for _, m := range mapTests {
		b.Run("kernel="+m.name, func(b *testing.B) {
			eachLevelBench(b, func(b *testing.B) {
				for _, n := range []int{256, 4096, 1 << 20} {
					b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
						a := make([][]float32, m.arrays)
						for i := range a {
							a[i] = make([]float32, n)
						}
						b.SetBytes(int64(4 * n * m.arrays))
						for b.Loop() {
							m.run(a)
						}
					})
				}
			})
		})
	}
}

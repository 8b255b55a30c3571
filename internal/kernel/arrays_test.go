package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

// An arena holds the arrays of a kernel under test. Each lies at an edge of
// memory, and the values in front of it show stray writes.
type arena []edge[float32]

const (
	margin      = 64
	marginValue = 12345
)

// newArena returns an arena for count arrays of up to size values.
func newArena(t testing.TB, count, size int) arena {
	a := make(arena, count)
	for i := range a {
		a[i] = newEdge[float32](t, margin+size)
	}
	return a
}

// place returns array i, filled with the values.
func (a arena) place(i int, values []float32) []float32 {
	all := a[i].last(margin+len(values), func(int) float32 { return marginValue })
	copy(all[margin:], values)
	return all[margin:]
}

// check fails the test if something was written in front of array i of n values.
func (a arena) check(t *testing.T, i, n int) {
	t.Helper()
	for _, v := range a[i][len(a[i])-n-margin:][:margin] {
		if v != marginValue {
			t.Fatalf("wrote in front of array %d of %d values", i, n)
		}
	}
}

// onGeneric runs f on the portable level.
func onGeneric(f func()) {
	defer cpu.Force(cpu.Generic)()
	f()
}

// normals returns n normal random values.
func normals(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// coarse returns n normal random values of so few bits that their products are exact:
// where a compiler fuses additions with them, no bit of a sum changes.
func coarse(rng *rand.Rand, n int) []float32 {
	x := normals(rng, n)
	for i, v := range x {
		x[i] = floatOf(bf16Of(v))
	}
	return x
}

// oddities returns n normal random values with special values among them.
func oddities(rng *rand.Rand, n int) []float32 {
	special := []float32{
		0, float32(math.Copysign(0, -1)), 1, -1, math.SmallestNonzeroFloat32, math.MaxFloat32,
		float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	}
	x := normals(rng, n)
	for i := range x {
		if rng.IntN(4) == 0 {
			x[i] = special[rng.IntN(len(special))]
		}
	}
	return x
}

// equalBits fails the test unless got is want in every bit; any NaN is as good as another.
func equalBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if math.Float32bits(got[i]) != math.Float32bits(w) && !(isNaN(got[i]) && isNaN(w)) {
			t.Fatalf("%s: value %d of %d is %v, want %v", what, i, len(want), got[i], w)
		}
	}
}

func isNaN(v float32) bool { return v != v }

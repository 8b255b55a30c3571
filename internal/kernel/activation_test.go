package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

// A smoothTest is an activation function that the levels compute within some
// units in the last place.
type smoothTest struct {
	name  string
	run   func(y, x []float32, to Target)
	grad  func(dx, dy, x []float32)
	value func(x float64) float64
	slope func(x float64) (slope, size float64) // size: the sum of the magnitudes of its terms
	ulps  [2]float64                            // of the value, and of the gradient for the size of the slope
}

var smoothTests = []smoothTest{
	{
		"Sigmoid", Sigmoid, SigmoidGrad,
		func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		func(x float64) (float64, float64) {
			s := 1 / (2 + math.Exp(x) + math.Exp(-x))
			return s, s
		},
		[2]float64{3, 5},
	},
	{
		"SiLU", SiLU, SiLUGrad,
		func(x float64) float64 { return x / (1 + math.Exp(-x)) },
		func(x float64) (float64, float64) {
			s, rest := 1/(1+math.Exp(-x)), 1/(1+math.Exp(x))
			return s * (1 + x*rest), s * (1 + math.Abs(x)*rest)
		},
		[2]float64{3, 5},
	},
	{
		"GELU", GELU, GELUGrad,
		func(x float64) float64 { return x * math.Erfc(-x/math.Sqrt2) / 2 },
		func(x float64) (float64, float64) {
			p, d := math.Erfc(-x/math.Sqrt2)/2, math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
			return p + x*d, p + math.Abs(x)*d
		},
		[2]float64{6, 5},
	},
}

var hardTests = []struct {
	name string
	run  func(y, x []float32, to Target)
	grad func(dx, dy, x []float32)
}{
	{"Hardsigmoid", Hardsigmoid, HardsigmoidGrad},
	{"Hardswish", Hardswish, HardswishGrad},
	{"ReLU6", ReLU6, ReLU6Grad},
}

// underflow is what an exponential below the normal numbers may be off by, times
// the greatest factor that it gets.
const underflow = 1e-43

// close fails the test unless got is want within so many units in the last place
// of size.
func (s *smoothTest) close(t *testing.T, what string, x, got float32, want, size, ulps float64) {
	t.Helper()
	if math.IsNaN(want) && isNaN(got) || math.IsInf(want, 1) && math.IsInf(float64(got), 1) {
		return
	}
	if cpu.Current() == cpu.Generic {
		ulps = 0.500001 // rounded once
	}
	if limit := ulps*ulp(size) + underflow; !(math.Abs(float64(got)-want) <= limit) {
		t.Fatalf("%s at %v is %v, want %v within %v", what, x, got, want, limit)
	}
}

// ulp returns the unit in the last place that float32 has at v.
func ulp(v float64) float64 {
	_, exponent := math.Frexp(v)
	return math.Ldexp(1, max(exponent-24, -149))
}

// check compares one call of each function with the formulas. In place, y is x
// and dx is dy, or with same 2, dx is x.
func (s *smoothTest) check(t *testing.T, arena arena, x, dy []float32, same int) {
	t.Helper()
	n := len(x)
	in := arena.place(1, x)
	y := in
	if same == 0 {
		y = arena.place(0, x)
	}
	s.run(y, in, Caches)
	for i, v := range x {
		want := s.value(float64(v))
		s.close(t, s.name, v, y[i], want, math.Abs(want), s.ulps[0])
	}
	arena.check(t, 0, n)
	arena.check(t, 1, n)

	arrays := [3][]float32{arena.place(0, x), arena.place(1, dy), arena.place(2, x)}
	dx := arrays[same]
	s.grad(dx, arrays[1], arrays[2])
	for i, v := range x {
		slope, size := s.slope(float64(v))
		g := float64(dy[i])
		s.close(t, s.name+"Grad", v, dx[i], g*slope, math.Abs(g)*size, s.ulps[1])
	}
	for i := range arrays {
		arena.check(t, i, n)
	}
}

func TestSmoothActivations(t *testing.T) {
	const most = 150
	for _, s := range smoothTests {
		t.Run(s.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				arena, rng := newArena(t, 3, most), rand.New(rand.NewPCG(1, 2))
				for n := range most {
					x := oddities(rng, n)
					for i := range x {
						x[i] *= 4
					}
					for same := range 3 {
						s.check(t, arena, x, normals(rng, n), same)
					}
				}
			})
		})
	}
}

// TestSmoothActivationsEverywhere goes through the float32 numbers of both
// signs in small steps, subnormal ones to infinity.
func TestSmoothActivationsEverywhere(t *testing.T) {
	const step = 40009
	var x []float32
	for bits := uint32(0); bits < 0x7f800000; bits += step {
		v := math.Float32frombits(bits)
		x = append(x, v, -v)
	}
	x = append(x, float32(math.Inf(1)), float32(math.Inf(-1)))
	ones := make([]float32, len(x))
	for i := range ones {
		ones[i] = 1
	}
	for _, s := range smoothTests {
		t.Run(s.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) { s.check(t, newArena(t, 3, len(x)), x, ones, 0) })
		})
	}
}

func TestHardActivations(t *testing.T) {
	for _, h := range hardTests {
		for _, m := range []mapTest{
			{h.name, func(a [][]float32) { h.run(a[0], a[1], Caches) }, 2, []int{1}},
			{h.name + "Grad", func(a [][]float32) { h.grad(a[0], a[1], a[2]) }, 3, []int{1, 2}},
		} {
			t.Run(m.name, func(t *testing.T) { m.checkLengths(t, 150) })
		}
	}
}

// The kinks and their neighbours, as PyTorch has them.
func TestHardActivationsAtKinks(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negative0 := float32(math.Copysign(0, -1))
	next := func(x, to float32) float32 { return math.Nextafter32(x, to) }
	x := []float32{-inf, -4, next(-3, -4), -3, next(-3, 0), -1, negative0, 0, 1, next(3, 0), 3, next(3, 4), next(6, 0), 6, 7, inf, nan}
	const sixth = float32(1.0 / 6)
	want := map[string][2][]float32{
		"ReLU6": {
			{0, 0, 0, 0, 0, 0, negative0, 0, 1, x[9], 3, x[11], x[12], 6, 6, 6, nan},
			{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1},
		},
		"Hardsigmoid": {
			{0, 0, 0, 0, (x[4] + 3) / 6, 2.0 / 6, 0.5, 0.5, 4.0 / 6, (x[9] + 3) / 6, 1, 1, 1, 1, 1, 1, nan},
			{0, 0, 0, 0, sixth, sixth, sixth, sixth, sixth, sixth, 0, 0, 0, 0, 0, 0, 0},
		},
		"Hardswish": {
			{nan, negative0, negative0, negative0, x[4] * (x[4] + 3) / 6, -2.0 / 6, negative0, 0, 4.0 / 6, float32(x[9]*(x[9]+3)) / 6, 3, float32(x[11]*6) / 6, float32(x[12]*6) / 6, 6, 7, inf, nan},
			{0, 0, 0, -0.5, float32(x[4]/3) + 0.5, float32(-1.0/3) + 0.5, 0.5, 0.5, float32(1.0/3) + 0.5, float32(x[9]/3) + 0.5, 1.5, 1, 1, 1, 1, 1, nan},
		},
	}
	ones := make([]float32, len(x))
	for i := range ones {
		ones[i] = 1
	}
	for _, h := range hardTests {
		t.Run(h.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				y, dx := make([]float32, len(x)), make([]float32, len(x))
				h.run(y, x, Caches)
				equalBits(t, "y", y, want[h.name][0])
				h.grad(dx, ones, x)
				equalBits(t, "dx", dx, want[h.name][1])
			})
		})
	}
}

func TestActivationsRefuseLengths(t *testing.T) {
	check := func(name string, run func(y, x []float32, to Target), grad func(dx, dy, x []float32)) {
		f := func(n int) []float32 { return make([]float32, n) }
		for i, call := range []func(){
			func() { run(f(9), f(10), Caches) },
			func() { run(f(10), f(9), Caches) },
			func() { grad(f(9), f(10), f(10)) },
			func() { grad(f(10), f(9), f(10)) },
			func() { grad(f(10), f(10), f(9)) },
		} {
			if !panics(call) {
				t.Errorf("%s: no panic in call %d", name, i)
			}
		}
	}
	for _, s := range smoothTests {
		check(s.name, s.run, s.grad)
	}
	for _, h := range hardTests {
		check(h.name, h.run, h.grad)
	}
}

// BenchmarkActivation counts the bytes that are read and written. The plain
// copy, which does the same as a function of values, is there to compare with.
func BenchmarkActivation(b *testing.B) {
	bench := func(name string, run func(y, x []float32, to Target), grad func(dx, dy, x []float32)) {
		for _, n := range []int{4096, 1 << 17, 1 << 23} {
			x, y := make([]float32, n), make([]float32, n)
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range x {
				x[i] = float32(2 * rng.NormFloat64())
			}
			eachLevelRate(b, fmt.Sprintf("kernel=%s/n=%d", name, n), "B", func() (func(), int) {
				return func() { run(y, x, Caches) }, 2 * 4 * n
			})
			if grad != nil {
				dx := make([]float32, n)
				eachLevelRate(b, fmt.Sprintf("kernel=%sGrad/n=%d", name, n), "B", func() (func(), int) {
					return func() { grad(dx, y, x) }, 3 * 4 * n
				})
			}
		}
	}
	bench("copy", func(y, x []float32, _ Target) { copy(y, x) }, nil)
	bench("ReLU", ReLU, ReLUGrad)
	for _, s := range smoothTests {
		bench(s.name, s.run, s.grad)
	}
	for _, h := range hardTests {
		bench(h.name, h.run, h.grad)
	}
}

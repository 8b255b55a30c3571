package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

// TestMax puts the greatest value at every place among negative ones, beside
// infinities, and a NaN of either sign at every place.
func TestMax(t *testing.T) {
	const most = 150
	inf := float32(math.Inf(1))
	eachLevel(t, func(t *testing.T) {
		arena := newArena(t, 1, most)
		for n := range most {
			x := arena.place(0, make([]float32, n))
			for i := range x {
				x[i] = -float32(i + 2)
			}
			if n > 0 {
				x[n/2] = -inf
			}
			for at, old := range x {
				for _, v := range []float32{-1, inf, float32(math.NaN()), -float32(math.NaN()), math.Float32frombits(0xff800001)} {
					x[at] = v
					if got := Max(x); got != v && !(isNaN(got) && isNaN(v)) {
						t.Fatalf("%v of %d values with %v at %d", got, n, v, at)
					}
				}
				x[at] = old
			}
		}
		for _, x := range [][]float32{nil, {-inf}, {-inf, -inf, -inf}} {
			if got := Max(x); got != -inf {
				t.Errorf("Max(%v) = %v", x, got)
			}
		}
	})
}

// checkExpSub compares one call with the exponential in float64. With same, dst
// is x.
func checkExpSub(t *testing.T, arena arena, values []float32, shift float32, same bool) {
	t.Helper()
	n := len(values)
	x := arena.place(0, values)
	dst := x
	if !same {
		dst = arena.place(1, values)
	}
	sum, want := ExpSub(dst, x, shift), 0.0
	ulps := 1.1
	if cpu.Current() == cpu.Generic {
		ulps = 0.500001
	}
	for i, v := range values {
		e := math.Exp(float64(v - shift))
		switch {
		case math.IsNaN(e) && isNaN(dst[i]):
		case e >= math.MaxFloat32+ulp(math.MaxFloat32)/2:
			if !math.IsInf(float64(dst[i]), 1) {
				t.Fatalf("exp(%v - %v) is %v, want infinity", v, shift, dst[i])
			}
		case !(math.Abs(float64(dst[i])-e) <= ulps*ulp(e)):
			t.Fatalf("exp(%v - %v) is %v, want %v within %v ulp", v, shift, dst[i], e, ulps)
		}
		want += float64(dst[i])
	}
	switch limit := float64(n) * 0x1p-24 * want; {
	case math.IsNaN(want) && isNaN(sum):
	case math.IsInf(want, 1) && math.IsInf(float64(sum), 1):
	case !(math.Abs(float64(sum)-want) <= limit):
		t.Fatalf("the sum of %d values is %v, want %v within %v", n, sum, want, limit)
	}
	for i := range 2 {
		arena.check(t, i, n)
	}
}

func TestExpSub(t *testing.T) {
	const most = 150
	eachLevel(t, func(t *testing.T) {
		arena, rng := newArena(t, 2, most), rand.New(rand.NewPCG(1, 2))
		arena.place(1, nil)
		for n := range most {
			shift := 3 * float32(rng.NormFloat64())
			checkExpSub(t, arena, normals(rng, n), shift, false)
			checkExpSub(t, arena, normals(rng, n), shift, true)
			checkExpSub(t, arena, oddities(rng, n), shift, n%2 == 0)
		}
	})
}

// TestExpSubEverywhere goes through the float32 numbers of both signs in small
// steps, and densely through those whose exponential is subnormal or nearly
// infinite.
func TestExpSubEverywhere(t *testing.T) {
	var x []float32
	for bits := uint32(0); bits < 0x7f800000; bits += 40009 {
		v := math.Float32frombits(bits)
		x = append(x, v, -v)
	}
	for v := float32(-105); v < -86; v += 1.0 / 1024 {
		x = append(x, v)
	}
	for v := float32(88); v < 90; v += 1.0 / 4096 {
		x = append(x, v)
	}
	x = append(x, float32(math.Inf(1)), float32(math.Inf(-1)))
	eachLevel(t, func(t *testing.T) {
		arena := newArena(t, 2, len(x))
		checkExpSub(t, arena, x, 0, false)
	})
}

// AVX2 and AVX-512 compute the same exponentials.
func TestExpSubLevelsAgree(t *testing.T) {
	if cpu.Supported() < cpu.AVX512 {
		t.Skip("one level only")
	}
	x := oddities(rand.New(rand.NewPCG(1, 2)), 4099)
	for i := range x {
		x[i] *= 30
	}
	var y [2][]float32
	for i, level := range []cpu.Level{cpu.AVX2, cpu.AVX512} {
		restore := cpu.Force(level)
		y[i] = make([]float32, len(x))
		ExpSub(y[i], x, 1)
		restore()
	}
	equalBits(t, "exponentials", y[1], y[0])
}

func TestSoftmaxGrad(t *testing.T) {
	m := mapTest{"SoftmaxGrad", func(a [][]float32) { SoftmaxGrad(a[0], a[1], a[2], 0.7) }, 3, []int{1, 2}}
	m.checkLengths(t, 150)
}

func TestSoftmaxRefusesLengths(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	for name, call := range map[string]func(){
		"ExpSub: dst":     func() { ExpSub(f(3), f(4), 0) },
		"ExpSub: x":       func() { ExpSub(f(4), f(3), 0) },
		"SoftmaxGrad: dx": func() { SoftmaxGrad(f(3), f(4), f(4), 0) },
		"SoftmaxGrad: dy": func() { SoftmaxGrad(f(4), f(3), f(4), 0) },
		"SoftmaxGrad: y":  func() { SoftmaxGrad(f(4), f(4), f(3), 0) },
	} {
		if !panics(call) {
			t.Errorf("%s: no panic", name)
		}
	}
}

// BenchmarkSoftmax measures rows as long as a classifier's and an attention's:
// all of them is what a softmax of the row takes.
func BenchmarkSoftmax(b *testing.B) {
	for _, n := range []int{10, 197, 1000, 4096} {
		x, y := normals(rand.New(rand.NewPCG(1, 2)), n), make([]float32, n)
		for _, k := range []struct {
			name   string
			arrays int
			run    func()
		}{
			{"Max", 1, func() { Max(x) }},
			{"ExpSub", 2, func() { ExpSub(y, x, 2) }},
			{"SoftmaxGrad", 3, func() { SoftmaxGrad(y, y, x, 0.5) }},
			{"all", 2, func() { Scale(y, 1/ExpSub(y, x, Max(x)), y) }},
		} {
			eachLevelRate(b, fmt.Sprintf("kernel=%s/n=%d", k.name, n), "B", func() (func(), int) { return k.run, 4 * k.arrays * n })
		}
	}
}

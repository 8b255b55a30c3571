package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

const testMean, testRstd = 0.375, 1.7

func TestRowNormMaps(t *testing.T) {
	for _, m := range []mapTest{
		{"RowNorm", func(a [][]float32) { RowNorm(a[0], a[1], testMean, testRstd, a[2], a[3]) }, 4, []int{1}},
		{"RowNormGrad", func(a [][]float32) { RowNormGrad(a[0], a[1], a[2], testMean, testRstd, a[3], 0.2, -0.3) }, 4, []int{1}},
	} {
		t.Run(m.name, func(t *testing.T) { m.checkLengths(t, 300) })
	}
}

func TestRowNormSums(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		arena, rng := newArena(t, 5, 300), rand.New(rand.NewPCG(3, 4))
		for n := range 300 {
			x, dy, weight := arena.place(0, normals(rng, n)), arena.place(1, normals(rng, n)), arena.place(2, normals(rng, n))
			oldWeight, oldBias := normals(rng, n), normals(rng, n)
			dweight, dbias := arena.place(3, oldWeight), arena.place(4, oldBias)
			sum, dot := RowNormSums(dweight, dbias, dy, x, testMean, testRstd, weight)
			near := func(what string, got float32, want, size float64, roundings int) {
				t.Helper()
				if limit := float64(roundings) * 0x1p-24 * size; !(math.Abs(float64(got)-want) <= limit) {
					t.Fatalf("n=%d: %s is %v, want %v within %v", n, what, got, want, limit)
				}
			}
			var wantSum, sumSize, wantDot, dotSize float64
			for j, d := range dy {
				xhat := (float64(x[j]) - testMean) * float64(float32(testRstd))
				term := float64(d) * xhat
				near(fmt.Sprintf("dweight[%d]", j), dweight[j], float64(oldWeight[j])+term, math.Abs(float64(oldWeight[j]))+math.Abs(term), 5)
				if want := oldBias[j] + d; dbias[j] != want {
					t.Fatalf("n=%d: dbias[%d] is %v, want %v", n, j, dbias[j], want)
				}
				g := float64(d) * float64(weight[j])
				wantSum, sumSize = wantSum+g, sumSize+math.Abs(g)
				wantDot, dotSize = wantDot+g*xhat, dotSize+math.Abs(g*xhat)
			}
			near("sum", sum, wantSum, sumSize, n+3)
			near("dot", dot, wantDot, dotSize, n+6)
			arena.check(t, 3, n)
			arena.check(t, 4, n)
		}
	})
}

func TestRowNormRefusesLengths(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	for name, call := range map[string]func(){
		"RowNorm: x":           func() { RowNorm(f(4), f(3), 0, 1, f(4), f(4)) },
		"RowNorm: weight":      func() { RowNorm(f(4), f(4), 0, 1, f(3), f(4)) },
		"RowNorm: bias":        func() { RowNorm(f(4), f(4), 0, 1, f(4), f(3)) },
		"RowNormSums: dweight": func() { RowNormSums(f(3), f(4), f(4), f(4), 0, 1, f(4)) },
		"RowNormSums: dbias":   func() { RowNormSums(f(4), f(3), f(4), f(4), 0, 1, f(4)) },
		"RowNormSums: x":       func() { RowNormSums(f(4), f(4), f(4), f(3), 0, 1, f(4)) },
		"RowNormSums: weight":  func() { RowNormSums(f(4), f(4), f(4), f(4), 0, 1, f(3)) },
		"RowNormGrad: dy":      func() { RowNormGrad(f(4), f(3), f(4), 0, 1, f(4), 0, 0) },
		"RowNormGrad: x":       func() { RowNormGrad(f(4), f(4), f(3), 0, 1, f(4), 0, 0) },
		"RowNormGrad: weight":  func() { RowNormGrad(f(4), f(4), f(4), 0, 1, f(3), 0, 0) },
	} {
		if !panics(call) {
			t.Errorf("%s: no panic", name)
		}
	}
}

func BenchmarkRowNorm(b *testing.B) {
	for _, n := range []int{96, 768} {
		x, weight, bias, dy := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		dweight, dbias, y := make([]float32, n), make([]float32, n), make([]float32, n)
		for _, k := range []struct {
			name string
			run  func()
		}{
			{"RowNorm", func() { RowNorm(y, x, testMean, testRstd, weight, bias) }},
			{"RowNormSums", func() { RowNormSums(dweight, dbias, dy, x, testMean, testRstd, weight) }},
			{"RowNormGrad", func() { RowNormGrad(y, dy, x, testMean, testRstd, weight, 0, 0) }},
		} {
			b.Run(fmt.Sprintf("kernel=%s/n=%d", k.name, n), func(b *testing.B) {
				eachLevelBench(b, func(b *testing.B) {
					for b.Loop() {
						k.run()
					}
				})
			})
		}
	}
}

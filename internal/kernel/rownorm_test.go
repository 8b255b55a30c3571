package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

const testMean, testRstd = 0.375, 1.7

// one is the value of a single row.
func one(v float32) []float32 { return []float32{v} }

func TestRowNormMaps(t *testing.T) {
	for _, m := range []mapTest{
		{"RowNorm", func(a [][]float32) { RowNorm(a[0], a[1], one(testMean), one(testRstd), a[2], a[3], Caches) }, 4, []int{1}},
		{"RowNormGrad", func(a [][]float32) {
			RowNormGrad(a[0], a[1], a[2], one(testMean), one(testRstd), a[3], one(0.2), one(-0.3))
		}, 4, []int{1}},
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
			sums, dots := one(0), one(0)
			RowNormSums(sums, dots, dweight, dbias, dy, x, one(testMean), one(testRstd), weight)
			sum, dot := sums[0], dots[0]
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

func TestRowMoments(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		arena, rng := newArena(t, 3, 5*300), rand.New(rand.NewPCG(5, 6))
		for d := range 300 {
			for _, share := range []float32{0, 1 / float32(max(d, 1))} {
				rows := rng.IntN(5)
				x := arena.place(0, normals(rng, rows*d))
				mean, squares := arena.place(1, make([]float32, rows)), arena.place(2, make([]float32, rows))
				RowMoments(mean, squares, x, d, share)
				for i := range rows {
					sum, size, want := 0.0, 0.0, 0.0
					for _, v := range x[i*d:][:d] {
						sum += float64(v)
						size += math.Abs(float64(v))
					}
					if e := math.Abs(float64(mean[i]) - sum*float64(share)); !(e <= float64(d+3)*0x1p-24*size*float64(share)) {
						t.Fatalf("d=%d: mean %v, want %v", d, mean[i], sum*float64(share))
					}
					for _, v := range x[i*d:][:d] {
						want += (float64(v) - float64(mean[i])) * (float64(v) - float64(mean[i]))
					}
					if e := math.Abs(float64(squares[i]) - want); !(e <= float64(d+5)*0x1p-24*want) {
						t.Fatalf("d=%d: squares %v, want %v", d, squares[i], want)
					}
				}
				arena.check(t, 1, rows)
				arena.check(t, 2, rows)
			}
		}
	})
}

// Many rows in one call are the same as one by one.
func TestRowNormRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for d := range 80 {
			rows := 1 + rng.IntN(6)
			x, dy, weight, bias := normals(rng, rows*d), normals(rng, rows*d), normals(rng, d), normals(rng, d)
			mean, rstd, g, gx := normals(rng, rows), normals(rng, rows), normals(rng, rows), normals(rng, rows)
			type results struct{ y, dx, sum, dot, dweight, dbias, mean, squares []float32 }
			r := func() results {
				f := func(n int) []float32 { return make([]float32, n) }
				return results{f(rows * d), f(rows * d), f(rows), f(rows), f(d), f(d), f(rows), f(rows)}
			}
			got, want := r(), r()
			run := func(r results, i, n int) {
				all := func(v []float32) []float32 { return v[i*d:][:n*d] }
				own := func(v []float32) []float32 { return v[i:][:n] }
				RowNorm(all(r.y), all(x), own(mean), own(rstd), weight, bias, Caches)
				RowNormGrad(all(r.dx), all(dy), all(x), own(mean), own(rstd), weight, own(g), own(gx))
				RowNormSums(own(r.sum), own(r.dot), r.dweight, r.dbias, all(dy), all(x), own(mean), own(rstd), weight)
				RowMoments(own(r.mean), own(r.squares), all(x), d, 0.1)
			}
			run(got, 0, rows)
			for i := range rows {
				run(want, i, 1)
			}
			for _, p := range [][2][]float32{
				{got.y, want.y}, {got.dx, want.dx}, {got.sum, want.sum}, {got.dot, want.dot},
				{got.dweight, want.dweight}, {got.dbias, want.dbias}, {got.mean, want.mean}, {got.squares, want.squares},
			} {
				equalBits(t, fmt.Sprintf("%d rows of %d", rows, d), p[0], p[1])
			}
		}
	})
}

func TestRowNormRefusesLengths(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	for name, call := range map[string]func(){
		"RowMoments: x":        func() { RowMoments(f(2), f(2), f(7), 4, 1) },
		"RowMoments: squares":  func() { RowMoments(f(2), f(1), f(8), 4, 1) },
		"RowNorm: y":           func() { RowNorm(f(7), f(8), f(2), f(2), f(4), f(4), Caches) },
		"RowNorm: x":           func() { RowNorm(f(8), f(7), f(2), f(2), f(4), f(4), Caches) },
		"RowNorm: mean":        func() { RowNorm(f(8), f(8), f(3), f(2), f(4), f(4), Caches) },
		"RowNorm: rstd":        func() { RowNorm(f(8), f(8), f(2), f(1), f(4), f(4), Caches) },
		"RowNorm: weight":      func() { RowNorm(f(8), f(8), f(2), f(2), f(3), f(4), Caches) },
		"RowNorm: bias":        func() { RowNorm(f(8), f(8), f(2), f(2), f(4), f(3), Caches) },
		"RowNormSums: sum":     func() { RowNormSums(f(1), f(2), f(4), f(4), f(8), f(8), f(2), f(2), f(4)) },
		"RowNormSums: dot":     func() { RowNormSums(f(2), f(1), f(4), f(4), f(8), f(8), f(2), f(2), f(4)) },
		"RowNormSums: dweight": func() { RowNormSums(f(2), f(2), f(3), f(4), f(8), f(8), f(2), f(2), f(4)) },
		"RowNormSums: dbias":   func() { RowNormSums(f(2), f(2), f(4), f(3), f(8), f(8), f(2), f(2), f(4)) },
		"RowNormSums: dy":      func() { RowNormSums(f(2), f(2), f(4), f(4), f(7), f(8), f(2), f(2), f(4)) },
		"RowNormSums: x":       func() { RowNormSums(f(2), f(2), f(4), f(4), f(8), f(7), f(2), f(2), f(4)) },
		"RowNormSums: rstd":    func() { RowNormSums(f(2), f(2), f(4), f(4), f(8), f(8), f(2), f(3), f(4)) },
		"RowNormGrad: dx":      func() { RowNormGrad(f(7), f(8), f(8), f(2), f(2), f(4), f(2), f(2)) },
		"RowNormGrad: dy":      func() { RowNormGrad(f(8), f(7), f(8), f(2), f(2), f(4), f(2), f(2)) },
		"RowNormGrad: x":       func() { RowNormGrad(f(8), f(8), f(7), f(2), f(2), f(4), f(2), f(2)) },
		"RowNormGrad: weight":  func() { RowNormGrad(f(8), f(8), f(8), f(2), f(2), f(3), f(2), f(2)) },
		"RowNormGrad: meanG":   func() { RowNormGrad(f(8), f(8), f(8), f(2), f(2), f(4), f(1), f(2)) },
		"RowNormGrad: meanGX":  func() { RowNormGrad(f(8), f(8), f(8), f(2), f(2), f(4), f(2), f(1)) },
	} {
		if !panics(call) {
			t.Errorf("%s: no panic", name)
		}
	}
}

func BenchmarkRowNorm(b *testing.B) {
	for _, d := range []int{96, 768} {
		rows := 8192 / d
		f := func(n int) []float32 { return make([]float32, n) }
		x, dy, y, weight, bias, dweight, dbias := f(rows*d), f(rows*d), f(rows*d), f(d), f(d), f(d), f(d)
		mean, rstd, sum, dot := f(rows), f(rows), f(rows), f(rows)
		for _, k := range []struct {
			name  string
			bytes int
			run   func()
		}{
			{"RowMoments", 4, func() { RowMoments(mean, rstd, x, d, 0.01) }},
			{"RowNorm", 8, func() { RowNorm(y, x, mean, rstd, weight, bias, Caches) }},
			{"RowNormSums", 8, func() { RowNormSums(sum, dot, dweight, dbias, dy, x, mean, rstd, weight) }},
			{"RowNormGrad", 12, func() { RowNormGrad(y, dy, x, mean, rstd, weight, sum, dot) }},
		} {
			b.Run(fmt.Sprintf("kernel=%s/d=%d", k.name, d), func(b *testing.B) {
				eachLevelBench(b, func(b *testing.B) {
					b.SetBytes(int64(k.bytes * rows * d))
					for b.Loop() {
						k.run()
					}
				})
			})
		}
	}
}

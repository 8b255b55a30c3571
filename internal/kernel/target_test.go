package kernel

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// Where a result is written changes no bit of it, and nothing beside it.
func TestTargets(t *testing.T) {
	const cols, most = 48, 12 * 48
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		x, r := normals(rng, most), normals(rng, most)
		a, b, c, d := normals(rng, cols), normals(rng, cols), normals(rng, cols), normals(rng, cols)
		for name, run := range map[string]func(y []float32, to Target){
			"ReLU":          func(y []float32, to Target) { ReLU(y, x[:len(y)], to) },
			"ReLU6":         func(y []float32, to Target) { ReLU6(y, x[:len(y)], to) },
			"Sigmoid":       func(y []float32, to Target) { Sigmoid(y, x[:len(y)], to) },
			"SiLU":          func(y []float32, to Target) { SiLU(y, x[:len(y)], to) },
			"GELU":          func(y []float32, to Target) { GELU(y, x[:len(y)], to) },
			"Hardsigmoid":   func(y []float32, to Target) { Hardsigmoid(y, x[:len(y)], to) },
			"Hardswish":     func(y []float32, to Target) { Hardswish(y, x[:len(y)], to) },
			"ScaleShift":    func(y []float32, to Target) { ScaleShift(y, x[:len(y)], a, b, -1, 1, to) },
			"ScaleShiftAdd": func(y []float32, to Target) { ScaleShiftAdd(y, x[:len(y)], a, b, r[:len(y)], c, d, -1, to) },
			"RowNorm": func(y []float32, to Target) {
				rows := len(y) / cols
				RowNorm(y, x[:len(y)], r[:rows], r[rows:2*rows], a, b, to)
			},
		} {
			for _, n := range []int{0, 48, 96, 480} {
				for _, off := range []int{0, 1, 8, 16} { // from a cache line
					plain, all := make([]float32, n), aligned(n+off+16)
					for i := range all {
						all[i] = marginValue
					}
					run(plain, Caches)
					run(all[off:][:n], Memory)
					equalBits(t, name, all[off:][:n], plain)
					for i, v := range all {
						if (i < off || i >= off+n) && v != marginValue {
							t.Fatalf("%s: %d values from %d on: wrote value %d", name, n, off, i)
						}
					}
				}
			}
		}
		for name, run := range map[string]func(y []float32, to Target){
			"ReLU": func(y []float32, to Target) { ReLU(y, x[:len(y)], to) },
			"GELU": func(y []float32, to Target) { GELU(y, x[:len(y)], to) },
		} {
			for n := range 100 { // ends that fill no line
				plain, y := make([]float32, n), aligned(n)
				run(plain, Caches)
				run(y, Memory)
				equalBits(t, name, y, plain)
			}
		}
	})
}

// aligned returns n values that begin with a line of the cache.
func aligned(n int) []float32 {
	x := make([]float32, n+16)
	first := 0
	for uintptr(unsafe.Pointer(&x[first]))%64 != 0 {
		first++
	}
	return x[first:][:n]
}

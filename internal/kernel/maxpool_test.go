package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestMaxPool(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		a := newArena(t, 4, 4*(4*40+9)*4)
		for c := 1; c <= 40; c++ {
			for range 12 {
				rows, cols := 1+rng.IntN(3), 1+rng.IntN(3)
				line := cols*c + rng.IntN(9)
				n := (rows-1)*line + cols*c
				values := oddities(rng, n)
				for i := range values {
					if rng.IntN(3) == 0 {
						values[i] = 1 // equal maxima
					}
				}
				what := fmt.Sprintf("%d x %d pixels of %d channels", rows, cols, c)
				want, dy, dx := make([]float32, c), normals(rng, c), normals(rng, n)
				x, y := a.place(0, values), a.place(1, want)
				maxPoolGeneric(want, values, line, rows, cols)
				MaxPool(y, x, line, rows, cols)
				equalBits(t, what, y, want)
				a.check(t, 1, c)
				into := a.place(2, dx)
				maxPoolGradGeneric(dx, values, want, dy, line, rows, cols)
				MaxPoolGrad(into, x, y, a.place(3, dy), line, rows, cols)
				equalBits(t, "gradient of "+what, into, dx)
				a.check(t, 2, n)
			}
		}
	})
}

func TestMaxPoolRefusesShapes(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	for what, call := range map[string]func(){
		"x":      func() { MaxPool(f(8), f(10+16-1), 10, 2, 2) },
		"window": func() { MaxPool(f(8), f(99), 10, 0, 2) },
		"dx":     func() { MaxPoolGrad(f(10+16-1), f(99), f(8), f(8), 10, 2, 2) },
		"dy":     func() { MaxPoolGrad(f(99), f(99), f(8), f(7), 10, 2, 2) },
	} {
		if !panics(call) {
			t.Errorf("no panic for a wrong %s", what)
		}
	}
}

func BenchmarkMaxPool(b *testing.B) {
	const size, c = 32, 64
	x, dx := make([]float32, size*size*c), make([]float32, size*size*c)
	y, dy := make([]float32, c), make([]float32, c)
	eachLevelBench(b, func(b *testing.B) {
		each := func(f func(x, dx []float32)) {
			for h := 0; h+3 <= size; h += 2 {
				for w := 0; w+3 <= size; w += 2 {
					f(x[(h*size+w)*c:], dx[(h*size+w)*c:])
				}
			}
		}
		b.Run("pass=forward", func(b *testing.B) {
			b.SetBytes(4 * size * size * c)
			for b.Loop() {
				each(func(x, _ []float32) { MaxPool(y, x, size*c, 3, 3) })
			}
		})
		b.Run("pass=backward", func(b *testing.B) {
			b.SetBytes(4 * size * size * c)
			for b.Loop() {
				each(func(x, dx []float32) { MaxPoolGrad(dx, x, y, dy, size*c, 3, 3) })
			}
		})
	})
}

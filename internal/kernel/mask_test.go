package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestScaleWhere(t *testing.T) {
	const most = 200
	eachLevel(t, func(t *testing.T) {
		arena, masks, rng := newArena(t, 2, most), newEdge[uint8](t, most), rand.New(rand.NewPCG(1, 2))
		for n := range most {
			mask := masks.last((n+63)/64*8, func(int) uint8 { return uint8(rng.Uint32()) })
			for _, same := range []bool{false, true} {
				values := oddities(rng, n)
				x, dst := arena.place(0, values), arena.place(1, values)
				if same {
					dst = x
				}
				ScaleWhere(dst, -1.7, x, mask)
				want := make([]float32, n)
				for i := range want {
					if mask[i/8]&(1<<(i%8)) != 0 {
						want[i] = -1.7 * values[i]
					}
				}
				equalBits(t, "dst", dst, want)
				arena.check(t, 0, n)
				arena.check(t, 1, n)
			}
		}
	})
}

func TestScaleWhereRefusesLengths(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	for name, call := range map[string]func(){
		"dst":  func() { ScaleWhere(f(63), 1, f(64), make([]uint8, 8)) },
		"x":    func() { ScaleWhere(f(64), 1, f(63), make([]uint8, 8)) },
		"mask": func() { ScaleWhere(f(65), 1, f(65), make([]uint8, 15)) },
	} {
		if !panics(call) {
			t.Errorf("%s: no panic", name)
		}
	}
}

func BenchmarkScaleWhere(b *testing.B) {
	for _, n := range []int{4096, 1 << 23} {
		x, y, mask := make([]float32, n), make([]float32, n), make([]uint8, n/8)
		eachLevelRate(b, fmt.Sprintf("n=%d", n), "B", func() (func(), int) {
			return func() { ScaleWhere(y, 2, x, mask) }, 8*n + n/8
		})
	}
}

package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestHalve(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		small, top, bottom := newEdge[float32](t, 400), newEdge[float32](t, 800), newEdge[float32](t, 800)
		draw := func(int) float32 { return float32(rng.NormFloat64()) }
		for c := 1; c <= 40; c++ {
			for pixels := range 10 {
				n := pixels * c
				y := small.last(n, draw)
				a, b := top.last(2*n, draw), bottom.last(2*n, draw)
				want := make([]float32, n)
				halveGeneric(want, a, b, c)
				Halve(y, a, b, c)
				equalBits(t, "y", y, want)

				wantTop, wantBottom := make([]float32, 2*n), make([]float32, 2*n)
				halveGradGeneric(wantTop, wantBottom, y, c)
				HalveGrad(a, b, y, c)
				equalBits(t, "dtop", a, wantTop)
				equalBits(t, "dbottom", b, wantBottom)
			}
		}
	})
}

func TestHalveIsAMean(t *testing.T) {
	y := make([]float32, 2)
	Halve(y, []float32{1, 2, 3, 4}, []float32{5, 6, 7, 8}, 1)
	equalBits(t, "one channel", y, []float32{3.5, 5.5})
	Halve(y, []float32{1, 2, 3, 4}, []float32{5, 6, 7, 8}, 2)
	equalBits(t, "two channels", y, []float32{4, 5})
	if !panics(func() { Halve(y, y, y, 1) }) {
		t.Error("no panic for rows that are too short")
	}
}

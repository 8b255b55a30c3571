package autograd

import (
	"math"

	"pgregory.net/rapid"
)

// bounded is a value in float64 with the distance that an implementation in
// float32 may have from it.
type bounded struct{ value, within float64 }

func (b *bounded) add(term, within float64) {
	b.value += term
	b.within += within
}

// checkBounds fails the test where one of the named arrays is out of its bounds.
func checkBounds(t rapid.TB, arrays [4]string, got [4][]float32, want [4][]bounded) {
	t.Helper()
	const underflow = 1e-35 // of exponentials
	for a, what := range arrays {
		for i, w := range want[a] {
			if e := math.Abs(float64(got[a][i]) - w.value); !(e <= w.within+underflow) {
				t.Fatalf("%s: element %d is %g, want %g within %g", what, i, got[a][i], w.value, w.within)
			}
		}
	}
}

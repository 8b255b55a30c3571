package cpu

import "testing"

// A lower level never has what belongs to a higher one.
func TestBF16NeedsItsLevel(t *testing.T) {
	for _, l := range Levels() {
		restore := Force(l)
		if HasBF16() && l != AVX512 {
			t.Errorf("level %v has bfloat16", l)
		}
		restore()
	}
}

package kernel

import "testing"

// A product of ones in every lane: the sum tells whether the loop does the
// operations that it says.
func TestPeaksDoWhatTheyCount(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 2, 77, 4096} {
			for name, run := range map[string]func() (float64, int){
				"PeakF32":  func() (float64, int) { sum, ops := PeakF32(n); return float64(sum), ops },
				"PeakU8S8": func() (float64, int) { sum, ops := PeakU8S8(n); return float64(sum), ops },
				"PeakBF16": func() (float64, int) { sum, ops := PeakBF16(n); return float64(sum), ops },
			} {
				sum, ops := run()
				if sum*2 != float64(ops) || (ops > 0) != (n > 0) {
					t.Errorf("%s(%d): %v products and %d operations, want twice as many", name, n, sum, ops)
				}
			}
		}
	})
}

func BenchmarkPeak(b *testing.B) {
	const n = 10_000
	eachLevelRate(b, "f32", "FLOP", func() (func(), int) {
		_, ops := PeakF32(n)
		return func() { PeakF32(n) }, ops
	})
	eachLevelRate(b, "u8s8", "OP", func() (func(), int) {
		_, ops := PeakU8S8(n)
		return func() { PeakU8S8(n) }, ops
	})
	eachLevelRate(b, "bf16", "FLOP", func() (func(), int) {
		_, ops := PeakBF16(n)
		return func() { PeakBF16(n) }, ops
	})
}

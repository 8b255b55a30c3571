package kernel

// Loops without memory: how fast the processor can multiply and add. A round
// adds the product of two ones to every lane of peakSums independent sums, as
// many as hide the latency of the instruction. The sum of all lanes is thus the
// number of products, as long as it is exact, and an operation is a product or
// an addition.

const peakSums = 12

// PeakF32 does n rounds of float32 multiply-adds and returns the sum of all
// lanes, and how many operations that took. The sum is exact to 2^24.
func PeakF32(n int) (sum float32, ops int) { return peakF32(n) }

// PeakU8S8 does n rounds of the multiply-adds that GemmU8S8 is made of. The sum
// is exact for up to 2^12 rounds.
func PeakU8S8(n int) (sum int32, ops int) { return peakU8S8(n) }

// PeakBF16 does n rounds of the multiply-adds of bfloat16 pairs. Where
// cpu.HasBF16 says no, it is PeakF32.
func PeakBF16(n int) (sum float32, ops int) { return peakBF16(n) }

func peakF32Generic(n int) (float32, int) { return peakLoop[float32](n, 1, 1), 2 * peakSums * n }
func peakU8S8Generic(n int) (int32, int)  { return peakLoop[int32](n, 1, 1), 2 * peakSums * n }

// peakLoop computes s = s*x + y and not s + x*y, of which a compiler would take
// the product out of the loop. For ones it is the same.
//
//go:noinline
func peakLoop[T float32 | int32](n int, x, y T) T {
	var s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 T
	for range n {
		s0, s1, s2, s3 = s0*x+y, s1*x+y, s2*x+y, s3*x+y
		s4, s5, s6, s7 = s4*x+y, s5*x+y, s6*x+y, s7*x+y
		s8, s9, s10, s11 = s8*x+y, s9*x+y, s10*x+y, s11*x+y
	}
	return s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11
}

//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// Operations of a round on vectors of so many bytes.
func peakOps(vector, element int) int { return 2 * peakSums * vector / element }

func peakF32(n int) (float32, int) {
	switch cpu.Current() {
	case cpu.AVX512:
		return peakF32AVX512(n), n * peakOps(64, 4)
	case cpu.AVX2:
		return peakF32AVX2(n), n * peakOps(32, 4)
	}
	return peakF32Generic(n)
}

func peakU8S8(n int) (int32, int) {
	switch cpu.Current() {
	case cpu.AVX512:
		return peakU8S8AVX512(n), n * peakOps(64, 1)
	case cpu.AVX2:
		return peakU8S8AVX2(n), n * peakOps(32, 1)
	}
	return peakU8S8Generic(n)
}

func peakBF16(n int) (float32, int) {
	if cpu.HasBF16() {
		return peakBF16AVX512(n), n * peakOps(64, 2)
	}
	return peakF32(n)
}

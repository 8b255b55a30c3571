//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// HasBF16 reports whether bfloat16 are multiplied by the processor here. Where
// they are not, float32 kernels on rounded values are faster.
func HasBF16() bool { return cpu.HasBF16() }

func roundBF16(dst, x []float32, scale float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		roundBF16AVX512(dst, x, scale)
	case cpu.AVX2:
		roundBF16AVX2(dst, x, scale)
	default:
		roundBF16Generic(dst, x, scale)
	}
}

func pairBF16(dst []uint16, x, y []float32, a, b float32) {
	if cpu.HasBF16() {
		pairBF16AVX512(dst, x, y, a, b)
	} else {
		pairBF16Generic(dst, x, y, a, b)
	}
}

func codesBF16(dst []uint16, codes []uint8) {
	if cpu.HasBF16() {
		codesBF16AVX512(dst, codes)
	} else {
		codesBF16Generic(dst, codes)
	}
}

func codesF32(dst []float32, codes []int8) {
	switch cpu.Current() {
	case cpu.AVX512:
		codesF32AVX512(dst, codes)
	case cpu.AVX2:
		codesF32AVX2(dst, codes)
	default:
		codesF32Generic(dst, codes)
	}
}

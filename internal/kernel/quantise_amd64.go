//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func quantiseU8(dst []uint8, x []float32, center, scale float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		quantiseU8AVX512(dst, x, center, scale)
	case cpu.AVX2:
		quantiseU8AVX2(dst, x, center, scale)
	default:
		quantiseU8Generic(dst, x, center, scale)
	}
}

func dequantiseU8(dst []float32, codes []uint8, scale float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		dequantiseU8AVX512(dst, codes, scale)
	case cpu.AVX2:
		dequantiseU8AVX2(dst, codes, scale)
	default:
		dequantiseU8Generic(dst, codes, scale)
	}
}

func signsS8(dst []int8, x []float32, low, high float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		signsS8AVX512(dst, x, low, high)
	case cpu.AVX2:
		signsS8AVX2(dst, x, low, high)
	default:
		signsS8Generic(dst, x, low, high)
	}
}

//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func largest(x []float32) float32 {
	switch cpu.Current() {
	case cpu.AVX512:
		return largestAVX512(x)
	case cpu.AVX2:
		return largestAVX2(x)
	}
	return largestGeneric(x)
}

func expSub(dst, x []float32, shift float32) float32 {
	switch cpu.Current() {
	case cpu.AVX512:
		return expSubAVX512(dst, x, shift)
	case cpu.AVX2:
		return expSubAVX2(dst, x, shift)
	}
	return expSubGeneric(dst, x, shift)
}

func softmaxGrad(dx, dy, y []float32, dot float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		softmaxGradAVX512(dx, dy, y, dot)
	case cpu.AVX2:
		softmaxGradAVX2(dx, dy, y, dot)
	default:
		softmaxGradGeneric(dx, dy, y, dot)
	}
}

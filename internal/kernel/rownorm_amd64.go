//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func rowNorm(y, x []float32, mean, rstd float32, weight, bias []float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		rowNormAVX512(y, x, mean, rstd, weight, bias)
	case cpu.AVX2:
		rowNormAVX2(y, x, mean, rstd, weight, bias)
	default:
		rowNormGeneric(y, x, mean, rstd, weight, bias)
	}
}

func rowNormSums(dweight, dbias, dy, x []float32, mean, rstd float32, weight []float32) (sum, dot float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		return rowNormSumsAVX512(dweight, dbias, dy, x, mean, rstd, weight)
	case cpu.AVX2:
		return rowNormSumsAVX2(dweight, dbias, dy, x, mean, rstd, weight)
	}
	return rowNormSumsGeneric(dweight, dbias, dy, x, mean, rstd, weight)
}

func rowNormGrad(dx, dy, x []float32, mean, rstd float32, weight []float32, meanG, meanGX float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		rowNormGradAVX512(dx, dy, x, mean, rstd, weight, meanG, meanGX)
	case cpu.AVX2:
		rowNormGradAVX2(dx, dy, x, mean, rstd, weight, meanG, meanGX)
	default:
		rowNormGradGeneric(dx, dy, x, mean, rstd, weight, meanG, meanGX)
	}
}

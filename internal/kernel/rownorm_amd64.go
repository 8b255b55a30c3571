//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func rowMoments(mean, squares, x []float32, d int, share float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		rowMomentsAVX512(mean, squares, x, d, share)
	case cpu.AVX2:
		rowMomentsAVX2(mean, squares, x, d, share)
	default:
		rowMomentsGeneric(mean, squares, x, d, share)
	}
}

func rowNorm(y, x, mean, rstd, weight, bias []float32, to Target) {
	switch cpu.Current() {
	case cpu.AVX512:
		rowNormAVX512(y, x, mean, rstd, weight, bias, to.past(y, len(weight)))
	case cpu.AVX2:
		rowNormAVX2(y, x, mean, rstd, weight, bias, to.past(y, len(weight)))
	default:
		rowNormGeneric(y, x, mean, rstd, weight, bias)
	}
}

func rowNormSums(sum, dot, dweight, dbias, dy, x, mean, rstd, weight []float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		rowNormSumsAVX512(sum, dot, dweight, dbias, dy, x, mean, rstd, weight)
	case cpu.AVX2:
		rowNormSumsAVX2(sum, dot, dweight, dbias, dy, x, mean, rstd, weight)
	default:
		rowNormSumsGeneric(sum, dot, dweight, dbias, dy, x, mean, rstd, weight)
	}
}

func rowNormGrad(dx, dy, x, mean, rstd, weight, meanG, meanGX []float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		rowNormGradAVX512(dx, dy, x, mean, rstd, weight, meanG, meanGX)
	case cpu.AVX2:
		rowNormGradAVX2(dx, dy, x, mean, rstd, weight, meanG, meanGX)
	default:
		rowNormGradGeneric(dx, dy, x, mean, rstd, weight, meanG, meanGX)
	}
}

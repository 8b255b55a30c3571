//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// columnsLevel returns the highest level whose vectors the columns fill.
func columnsLevel(cols int) cpu.Level {
	switch level := cpu.Current(); {
	case level == cpu.AVX512 && cols%16 == 0:
		return cpu.AVX512
	case level >= cpu.AVX2 && cols%8 == 0:
		return cpu.AVX2
	}
	return cpu.Generic
}

func columnSums(dst, x []float32) {
	switch columnsLevel(len(dst)) {
	case cpu.AVX512:
		columnSumsAVX512(dst, x)
	case cpu.AVX2:
		columnSumsAVX2(dst, x)
	default:
		columnSumsGeneric(dst, x)
	}
}

func columnSquares(dst, x, center []float32) {
	switch columnsLevel(len(dst)) {
	case cpu.AVX512:
		columnSquaresAVX512(dst, x, center)
	case cpu.AVX2:
		columnSquaresAVX2(dst, x, center)
	default:
		columnSquaresGeneric(dst, x, center)
	}
}

func columnDots(sum, dot, g, x, center []float32) {
	switch columnsLevel(len(sum)) {
	case cpu.AVX512:
		columnDotsAVX512(sum, dot, g, x, center)
	case cpu.AVX2:
		columnDotsAVX2(sum, dot, g, x, center)
	default:
		columnDotsGeneric(sum, dot, g, x, center)
	}
}

func columnGrad(dx, g, x, a, b, c []float32) {
	switch columnsLevel(len(a)) {
	case cpu.AVX512:
		columnGradAVX512(dx, g, x, a, b, c)
	case cpu.AVX2:
		columnGradAVX2(dx, g, x, a, b, c)
	default:
		columnGradGeneric(dx, g, x, a, b, c)
	}
}

func scaleShift(y, x, scale, shift []float32, low, high float32, to Target) {
	switch columnsLevel(len(scale)) {
	case cpu.AVX512:
		scaleShiftAVX512(y, x, scale, shift, low, high, to.past(y, len(scale)))
	case cpu.AVX2:
		scaleShiftAVX2(y, x, scale, shift, low, high, to.past(y, len(scale)))
	default:
		scaleShiftGeneric(y, x, scale, shift, low, high)
	}
}

func scaleShiftAdd(y, x, scale, shift, r, rscale, rshift []float32, low float32, to Target) {
	switch columnsLevel(len(scale)) {
	case cpu.AVX512:
		scaleShiftAddAVX512(y, x, scale, shift, r, rscale, rshift, low, to.past(y, len(scale)))
	case cpu.AVX2:
		scaleShiftAddAVX2(y, x, scale, shift, r, rscale, rshift, low, to.past(y, len(scale)))
	default:
		scaleShiftAddGeneric(y, x, scale, shift, r, rscale, rshift, low)
	}
}

func scaleShiftSums(sum, dot, g, x, scale, shift, center []float32, low, high float32) {
	switch columnsLevel(len(sum)) {
	case cpu.AVX512:
		scaleShiftSumsAVX512(sum, dot, g, x, scale, shift, center, low, high)
	case cpu.AVX2:
		scaleShiftSumsAVX2(sum, dot, g, x, scale, shift, center, low, high)
	default:
		scaleShiftSumsGeneric(sum, dot, g, x, scale, shift, center, low, high)
	}
}

func scaleShiftGrad(dx, g, x, scale, shift, a, b, c []float32, low, high float32) {
	switch columnsLevel(len(a)) {
	case cpu.AVX512:
		scaleShiftGradAVX512(dx, g, x, scale, shift, a, b, c, low, high)
	case cpu.AVX2:
		scaleShiftGradAVX2(dx, g, x, scale, shift, a, b, c, low, high)
	default:
		scaleShiftGradGeneric(dx, g, x, scale, shift, a, b, c, low, high)
	}
}

func reluSums(d, sum, dot, g, x, y, center []float32) {
	switch columnsLevel(len(sum)) {
	case cpu.AVX512:
		reluSumsAVX512(d, sum, dot, g, x, y, center)
	case cpu.AVX2:
		reluSumsAVX2(d, sum, dot, g, x, y, center)
	default:
		reluSumsGeneric(d, sum, dot, g, x, y, center)
	}
}

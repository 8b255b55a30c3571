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

func scaleShift(y, x, scale, shift []float32, floor float32) {
	switch columnsLevel(len(scale)) {
	case cpu.AVX512:
		scaleShiftAVX512(y, x, scale, shift, floor)
	case cpu.AVX2:
		scaleShiftAVX2(y, x, scale, shift, floor)
	default:
		scaleShiftGeneric(y, x, scale, shift, floor)
	}
}

func scaleShiftSums(sum, dot, g, x, y, center []float32, floor float32) {
	switch columnsLevel(len(sum)) {
	case cpu.AVX512:
		scaleShiftSumsAVX512(sum, dot, g, x, y, center, floor)
	case cpu.AVX2:
		scaleShiftSumsAVX2(sum, dot, g, x, y, center, floor)
	default:
		scaleShiftSumsGeneric(sum, dot, g, x, y, center, floor)
	}
}

func scaleShiftGrad(dx, g, x, y, a, b, c []float32, floor float32) {
	switch columnsLevel(len(a)) {
	case cpu.AVX512:
		scaleShiftGradAVX512(dx, g, x, y, a, b, c, floor)
	case cpu.AVX2:
		scaleShiftGradAVX2(dx, g, x, y, a, b, c, floor)
	default:
		scaleShiftGradGeneric(dx, g, x, y, a, b, c, floor)
	}
}

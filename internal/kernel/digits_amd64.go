//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// HasDigits reports whether OuterDigits is faster here than OuterF32.
func HasDigits() bool { return cpu.Current() == cpu.AVX512 }

func columnPeaks(dst, x []float32, scale float32) {
	if HasDigits() {
		columnPeaksAVX512(dst, x, scale)
	} else {
		columnPeaksGeneric(dst, x, scale)
	}
}

func digitsU8(dst []uint8, ld int, x []float32, rows *[4]int, factors *[4]float32, inverse []float32) {
	if HasDigits() {
		digitsU8AVX512(dst, ld, x, rows[:], factors[:], inverse)
	} else {
		digitsU8Generic(dst, ld, x, rows, factors, inverse)
	}
}

func packQuads(dst []uint8, zeros []int32, x []uint8, rows []int, cols []Column) {
	if HasDigits() {
		packQuadsAVX512(dst, zeros, x, rows, cols)
	} else {
		packQuadsGeneric(dst, zeros, x, rows, cols)
	}
}

func outerDigits(c []float32, ldc int, g []uint8, ldg int, x []uint8, zeros []int32, cols []Column, scale []float32) {
	if HasDigits() {
		outerDigitsAVX512(c, ldc, g, ldg, x, zeros, cols, scale)
	} else {
		outerDigitsGeneric(c, ldc, g, ldg, x, zeros, cols, scale)
	}
}

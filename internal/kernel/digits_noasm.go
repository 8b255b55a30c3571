//go:build !amd64 || purego

package kernel

// HasDigits reports whether OuterDigits is faster here than OuterF32.
func HasDigits() bool { return false }

func columnPeaks(dst, x []float32, scale float32) { columnPeaksGeneric(dst, x, scale) }

func digitsU8(dst []uint8, ld int, x []float32, rows *[4]int, factors *[4]float32, inverse []float32) {
	digitsU8Generic(dst, ld, x, rows, factors, inverse)
}

func packQuads(dst []uint8, zeros []int32, x []uint8, rows []int, cols []Column) {
	packQuadsGeneric(dst, zeros, x, rows, cols)
}

func outerDigits(c []float32, ldc int, g []uint8, ldg int, x []uint8, zeros []int32, cols []Column, scale []float32) {
	outerDigitsGeneric(c, ldc, g, ldg, x, zeros, cols, scale)
}

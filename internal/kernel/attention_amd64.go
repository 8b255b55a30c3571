//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// transpose leaves what does not fill squares of 8x8 to the portable form.
func transpose(dst []float32, ldd int, src []float32, lds, rows, cols int, a float32) {
	if cpu.Current() == cpu.Generic {
		transposeGeneric(dst, ldd, src, lds, rows, cols, a)
		return
	}
	whole, wide := rows&^7, cols&^7
	if whole > 0 && wide > 0 {
		transposeAVX2(dst, ldd, src, lds, whole, wide, a)
	}
	if wide < cols && whole > 0 {
		transposeGeneric(dst[wide*ldd:], ldd, src[wide:], lds, whole, cols-wide, a)
	}
	if whole < rows {
		transposeGeneric(dst[whole:], ldd, src[whole*lds:], lds, rows-whole, cols, a)
	}
}

// transposeCodes, too.
func transposeCodes(dst []int8, ldd int, src []int8, lds, rows, cols int) {
	if cpu.Current() == cpu.Generic {
		transposeCodesGeneric(dst, ldd, src, lds, rows, cols)
		return
	}
	whole, wide := rows&^7, cols&^7
	if whole > 0 && wide > 0 {
		transposeCodesAVX2(dst, ldd, src, lds, whole, wide)
	}
	if wide < cols && whole > 0 {
		transposeCodesGeneric(dst[4*wide*ldd:], ldd, src[4*wide:], lds, whole, cols-wide)
	}
	if whole < rows {
		transposeCodesGeneric(dst[4*whole:], ldd, src[4*whole*lds:], lds, rows-whole, cols)
	}
}

func scale(dst []float32, a float32, x []float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		scaleAVX512(dst, a, x)
	case cpu.AVX2:
		scaleAVX2(dst, a, x)
	default:
		scaleGeneric(dst, a, x)
	}
}

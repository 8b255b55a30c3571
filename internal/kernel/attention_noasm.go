//go:build !amd64 || purego

package kernel

func transpose(dst []float32, ldd int, src []float32, lds, rows, cols int, a float32) {
	transposeGeneric(dst, ldd, src, lds, rows, cols, a)
}

func transposeCodes(dst []int8, ldd int, src []int8, lds, rows, cols int) {
	transposeCodesGeneric(dst, ldd, src, lds, rows, cols)
}

func scale(dst []float32, a float32, x []float32) { scaleGeneric(dst, a, x) }

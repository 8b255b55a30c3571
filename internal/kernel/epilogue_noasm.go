//go:build !amd64 || purego

package kernel

func storeF32(dst []float32, outs []int, c []float32, ldc, n int, bias []float32) {
	storeF32Generic(dst, outs, c, ldc, n, bias)
}

func storeI32(dst []float32, outs []int, c []int32, ldc, n int, offset []int32, scale, bias []float32) {
	storeI32Generic(dst, outs, c, ldc, n, offset, scale, bias)
}

func finishRows(dst []float32, outs []int, n int, scale, shift, other []float32, floor, ceil float32) {
	finishRowsGeneric(dst, outs, n, scale, shift, other, floor, ceil)
}

func measureRows(sum, square, x []float32, outs []int, n int, center []float32) {
	measureRowsGeneric(sum, square, x, outs, n, center)
}

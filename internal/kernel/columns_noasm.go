//go:build !amd64 || purego

package kernel

func columnSums(dst, x []float32)            { columnSumsGeneric(dst, x) }
func columnSquares(dst, x, center []float32) { columnSquaresGeneric(dst, x, center) }

func scaleShift(y, x, scale, shift []float32, floor float32) {
	scaleShiftGeneric(y, x, scale, shift, floor)
}

func scaleShiftSums(sum, dot, g, x, y, center []float32, floor float32) {
	scaleShiftSumsGeneric(sum, dot, g, x, y, center, floor)
}

func scaleShiftGrad(dx, g, x, y, a, b, c []float32, floor float32) {
	scaleShiftGradGeneric(dx, g, x, y, a, b, c, floor)
}

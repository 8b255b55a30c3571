//go:build !amd64 || purego

package kernel

func columnSums(dst, x []float32)            { columnSumsGeneric(dst, x) }
func columnSquares(dst, x, center []float32) { columnSquaresGeneric(dst, x, center) }

func columnDots(sum, dot, g, x, center []float32) {
	columnDotsGeneric(sum, dot, g, x, center)
}

func columnGrad(dx, g, x, a, b, c []float32) {
	columnGradGeneric(dx, g, x, a, b, c)
}

func scaleShift(y, x, scale, shift []float32, low, high float32, _ Target) {
	scaleShiftGeneric(y, x, scale, shift, low, high)
}

func scaleShiftAdd(y, x, scale, shift, r, rscale, rshift []float32, low float32, _ Target) {
	scaleShiftAddGeneric(y, x, scale, shift, r, rscale, rshift, low)
}

func scaleShiftSums(sum, dot, g, x, scale, shift, center []float32, low, high float32) {
	scaleShiftSumsGeneric(sum, dot, g, x, scale, shift, center, low, high)
}

func scaleShiftGrad(dx, g, x, scale, shift, a, b, c []float32, low, high float32) {
	scaleShiftGradGeneric(dx, g, x, scale, shift, a, b, c, low, high)
}

func reluSums(d, sum, dot, g, x, y, center []float32) {
	reluSumsGeneric(d, sum, dot, g, x, y, center)
}

package kernel

// Kernels for per-channel work on NHWC data, seen as a matrix of rows of
// cols values each: len(x) is a multiple of cols. A channel count that does
// not fill vectors is repeated by the caller until it does (6 channels become
// 48 columns); the assembly handles only whole vectors of columns, and other
// counts take the portable loops.
//
// The sums agree within rounding on all levels. What is computed for each
// value agrees exactly: every operation is rounded for itself.

// ColumnSums adds the sum of each column: dst[j] += sum(i) x[i*cols+j], cols = len(dst).
func ColumnSums(dst, x []float32) {
	wholeRows("ColumnSums", x, len(dst))
	columnSums(dst, x)
}

func columnSumsGeneric(dst, x []float32) {
	for len(x) > 0 {
		for j, v := range x[:len(dst)] {
			dst[j] += v
		}
		x = x[len(dst):]
	}
}

// ColumnSquares adds the sum of squares of each column around its center:
// dst[j] += sum(i) (x[i*cols+j]-center[j])^2, cols = len(dst).
func ColumnSquares(dst, x, center []float32) {
	wholeRows("ColumnSquares", x, len(dst))
	sameLength("ColumnSquares", dst, center)
	columnSquares(dst, x, center)
}

func columnSquaresGeneric(dst, x, center []float32) {
	for len(x) > 0 {
		for j, v := range x[:len(dst)] {
			d := v - center[j]
			dst[j] += d * d
		}
		x = x[len(dst):]
	}
}

// ScaleShift computes v = x[i*cols+j]*scale[j] + shift[j] and writes
// y[i*cols+j] = floor where v < floor, and v elsewhere (also where v is a NaN),
// cols = len(scale): floor 0 is a ReLU, floor -Inf does nothing. y may be x.
func ScaleShift(y, x, scale, shift []float32, floor float32) {
	wholeRows("ScaleShift", x, len(scale))
	sameLength("ScaleShift", x, y)
	sameLength("ScaleShift", scale, shift)
	scaleShift(y, x, scale, shift, floor)
}

func scaleShiftGeneric(y, x, scale, shift []float32, floor float32) {
	for len(x) > 0 {
		for j, v := range x[:len(scale)] {
			v = float32(v*scale[j]) + shift[j]
			if v < floor {
				v = floor
			}
			y[j] = v
		}
		x, y = x[len(scale):], y[len(scale):]
	}
}

// ScaleShiftSums adds what the gradients of ScaleShift's scale and shift need.
// With d = 0 where y[i*cols+j] <= floor, and d = g[i*cols+j] elsewhere, cols = len(sum),
//
//	sum[j] += sum(i) d
//	dot[j] += sum(i) d * (x[i*cols+j]-center[j])
//
// A floor of -Inf makes d = g for every finite y.
func ScaleShiftSums(sum, dot, g, x, y, center []float32, floor float32) {
	wholeRows("ScaleShiftSums", x, len(sum))
	sameLength("ScaleShiftSums", x, g)
	sameLength("ScaleShiftSums", x, y)
	sameLength("ScaleShiftSums", sum, dot)
	sameLength("ScaleShiftSums", sum, center)
	scaleShiftSums(sum, dot, g, x, y, center, floor)
}

func scaleShiftSumsGeneric(sum, dot, g, x, y, center []float32, floor float32) {
	for len(x) > 0 {
		for j, v := range x[:len(sum)] {
			d := g[j]
			if y[j] <= floor {
				d = 0
			}
			sum[j] += d
			dot[j] += d * (v - center[j])
		}
		g, x, y = g[len(sum):], x[len(sum):], y[len(sum):]
	}
}

// ScaleShiftGrad computes the input gradient of a batch norm followed by
// max(., floor): with d = 0 where y[i*cols+j] <= floor, and d = g[i*cols+j]
// elsewhere, cols = len(a),
//
//	dx[i*cols+j] = d*a[j] + (x[i*cols+j]*b[j] + c[j])
//
// dx may be g.
func ScaleShiftGrad(dx, g, x, y, a, b, c []float32, floor float32) {
	wholeRows("ScaleShiftGrad", x, len(a))
	sameLength("ScaleShiftGrad", x, dx)
	sameLength("ScaleShiftGrad", x, g)
	sameLength("ScaleShiftGrad", x, y)
	sameLength("ScaleShiftGrad", a, b)
	sameLength("ScaleShiftGrad", a, c)
	scaleShiftGrad(dx, g, x, y, a, b, c, floor)
}

func scaleShiftGradGeneric(dx, g, x, y, a, b, c []float32, floor float32) {
	for len(x) > 0 {
		for j, v := range x[:len(a)] {
			d := g[j]
			if y[j] <= floor {
				d = 0
			}
			dx[j] = float32(d*a[j]) + (float32(v*b[j]) + c[j])
		}
		dx, g, x, y = dx[len(a):], g[len(a):], x[len(a):], y[len(a):]
	}
}

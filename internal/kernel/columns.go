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

// ColumnDots adds column sums of g, and of g times x around a center: cols =
// len(sum),
//
//	sum[j] += sum(i) g[i*cols+j]
//	dot[j] += sum(i) g[i*cols+j] * (x[i*cols+j]-center[j])
func ColumnDots(sum, dot, g, x, center []float32) {
	wholeRows("ColumnDots", x, len(sum))
	sameLength("ColumnDots", x, g)
	sameLength("ColumnDots", sum, dot)
	sameLength("ColumnDots", sum, center)
	columnDots(sum, dot, g, x, center)
}

func columnDotsGeneric(sum, dot, g, x, center []float32) {
	for len(x) > 0 {
		for j, v := range x[:len(sum)] {
			d := g[j]
			sum[j] += d
			dot[j] += d * (v - center[j])
		}
		g, x = g[len(sum):], x[len(sum):]
	}
}

// ColumnGrad computes the input gradient of a batch norm: cols = len(a),
//
//	dx[i*cols+j] = g[i*cols+j]*a[j] + (x[i*cols+j]*b[j] + c[j])
//
// dx may be g.
func ColumnGrad(dx, g, x, a, b, c []float32) {
	wholeRows("ColumnGrad", x, len(a))
	sameLength("ColumnGrad", x, dx)
	sameLength("ColumnGrad", x, g)
	sameLength("ColumnGrad", a, b)
	sameLength("ColumnGrad", a, c)
	columnGrad(dx, g, x, a, b, c)
}

func columnGradGeneric(dx, g, x, a, b, c []float32) {
	for len(x) > 0 {
		for j, v := range x[:len(a)] {
			dx[j] = float32(g[j]*a[j]) + (float32(v*b[j]) + c[j])
		}
		dx, g, x = dx[len(a):], g[len(a):], x[len(a):]
	}
}

// ScaleShift computes v = x[i*cols+j]*scale[j] + shift[j] and writes
// y[i*cols+j] = low where v < low, high where v > high, and v elsewhere (also
// where v is a NaN), cols = len(scale): limits of 0 and 6 make a ReLU6. A NaN is
// no limit. y may be x.
func ScaleShift(y, x, scale, shift []float32, low, high float32, to Target) {
	wholeRows("ScaleShift", x, len(scale))
	sameLength("ScaleShift", x, y)
	sameLength("ScaleShift", scale, shift)
	scaleShift(y, x, scale, shift, low, high, to)
}

func scaleShiftGeneric(y, x, scale, shift []float32, low, high float32) {
	for len(x) > 0 {
		for j, v := range x[:len(scale)] {
			v = float32(v*scale[j]) + shift[j]
			if v < low {
				v = low
			}
			if v > high {
				v = high
			}
			y[j] = v
		}
		x, y = x[len(scale):], y[len(scale):]
	}
}

// ScaleShiftAdd computes, for cols = len(scale),
//
//	v = (x[i*cols+j]*scale[j] + shift[j]) + (r[i*cols+j]*rscale[j] + rshift[j])
//
// and writes y[i*cols+j] = low where v < low, and v elsewhere: the end of a
// residual block whose shortcut has a batch norm of its own. A NaN is no limit.
// y may be x or r.
func ScaleShiftAdd(y, x, scale, shift, r, rscale, rshift []float32, low float32, to Target) {
	wholeRows("ScaleShiftAdd", x, len(scale))
	sameLength("ScaleShiftAdd", x, y)
	sameLength("ScaleShiftAdd", x, r)
	sameLength("ScaleShiftAdd", scale, shift)
	sameLength("ScaleShiftAdd", scale, rscale)
	sameLength("ScaleShiftAdd", scale, rshift)
	scaleShiftAdd(y, x, scale, shift, r, rscale, rshift, low, to)
}

func scaleShiftAddGeneric(y, x, scale, shift, r, rscale, rshift []float32, low float32) {
	for len(x) > 0 {
		for j, v := range x[:len(scale)] {
			v = (float32(v*scale[j]) + shift[j]) + (float32(r[j]*rscale[j]) + rshift[j])
			if v < low {
				v = low
			}
			y[j] = v
		}
		x, y, r = x[len(scale):], y[len(scale):], r[len(scale):]
	}
}

// ScaleShiftSums adds what the gradients of ScaleShift's scale and shift need.
// With d = 0 where x[i*cols+j]*scale[j] + shift[j] is <= low or >= high, and d =
// g[i*cols+j] elsewhere, cols = len(sum),
//
//	sum[j] += sum(i) d
//	dot[j] += sum(i) d * (x[i*cols+j]-center[j])
func ScaleShiftSums(sum, dot, g, x, scale, shift, center []float32, low, high float32) {
	wholeRows("ScaleShiftSums", x, len(sum))
	sameLength("ScaleShiftSums", x, g)
	sameLength("ScaleShiftSums", sum, dot)
	sameLength("ScaleShiftSums", sum, scale)
	sameLength("ScaleShiftSums", sum, shift)
	sameLength("ScaleShiftSums", sum, center)
	scaleShiftSums(sum, dot, g, x, scale, shift, center, low, high)
}

func scaleShiftSumsGeneric(sum, dot, g, x, scale, shift, center []float32, low, high float32) {
	for len(x) > 0 {
		for j, v := range x[:len(sum)] {
			d := g[j]
			if y := float32(v*scale[j]) + shift[j]; y <= low || y >= high {
				d = 0
			}
			sum[j] += d
			dot[j] += d * (v - center[j])
		}
		g, x = g[len(sum):], x[len(sum):]
	}
}

// ScaleShiftGrad computes the input gradient of a batch norm with the limits of
// ScaleShift behind it: with d as in ScaleShiftSums and cols = len(a),
//
//	dx[i*cols+j] = d*a[j] + (x[i*cols+j]*b[j] + c[j])
//
// dx may be g.
func ScaleShiftGrad(dx, g, x, scale, shift, a, b, c []float32, low, high float32) {
	wholeRows("ScaleShiftGrad", x, len(a))
	sameLength("ScaleShiftGrad", x, dx)
	sameLength("ScaleShiftGrad", x, g)
	sameLength("ScaleShiftGrad", a, scale)
	sameLength("ScaleShiftGrad", a, shift)
	sameLength("ScaleShiftGrad", a, b)
	sameLength("ScaleShiftGrad", a, c)
	scaleShiftGrad(dx, g, x, scale, shift, a, b, c, low, high)
}

func scaleShiftGradGeneric(dx, g, x, scale, shift, a, b, c []float32, low, high float32) {
	for len(x) > 0 {
		for j, v := range x[:len(a)] {
			d := g[j]
			if y := float32(v*scale[j]) + shift[j]; y <= low || y >= high {
				d = 0
			}
			dx[j] = float32(d*a[j]) + (float32(v*b[j]) + c[j])
		}
		dx, g, x = dx[len(a):], g[len(a):], x[len(a):]
	}
}

// ReLUSums is ReLUGrad and ColumnDots in one: with cols = len(sum),
//
//	d[i*cols+j] = 0 where y[i*cols+j] <= 0, else g[i*cols+j]
//	sum[j] += sum(i) d[i*cols+j]
//	dot[j] += sum(i) d[i*cols+j] * (x[i*cols+j]-center[j])
//
// d may be g.
func ReLUSums(d, sum, dot, g, x, y, center []float32) {
	wholeRows("ReLUSums", x, len(sum))
	sameLength("ReLUSums", x, d)
	sameLength("ReLUSums", x, g)
	sameLength("ReLUSums", x, y)
	sameLength("ReLUSums", sum, dot)
	sameLength("ReLUSums", sum, center)
	reluSums(d, sum, dot, g, x, y, center)
}

func reluSumsGeneric(d, sum, dot, g, x, y, center []float32) {
	for len(x) > 0 {
		for j, v := range x[:len(sum)] {
			e := g[j]
			if y[j] <= 0 {
				e = 0
			}
			d[j] = e
			sum[j] += e
			dot[j] += e * (v - center[j])
		}
		d, g, x, y = d[len(sum):], g[len(sum):], x[len(sum):], y[len(sum):]
	}
}

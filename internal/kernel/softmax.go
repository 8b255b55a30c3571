package kernel

import "math"

// Parts of a softmax, row by row:
//
//	most := Max(x)
//	sum := ExpSub(y, x, most)
//	Scale(y, 1/sum, y)

// Max returns the greatest of the values, -Inf for an empty x and NaN if there
// is a NaN among them. All levels agree exactly, but for the sign of a zero.
func Max(x []float32) float32 { return largest(x) }

func largestGeneric(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

// ExpSub computes dst[i] = exp(x[i]-shift) and returns sum(dst[i]). dst may be
// x. The difference is rounded to float32; the exponential of that is within 1.1
// units in the last place, down to the subnormal numbers, and infinite where it
// is too great for a float32.
func ExpSub(dst, x []float32, shift float32) (sum float32) {
	sameLength("ExpSub", dst, x)
	return expSub(dst, x, shift)
}

func expSubGeneric(dst, x []float32, shift float32) float32 {
	s := 0.0
	for i, v := range x {
		e := float32(math.Exp(float64(v - shift)))
		dst[i] = e
		s += float64(e)
	}
	return float32(s)
}

// SoftmaxGrad computes the gradient of a softmax's input from those of its
// output y, dy, and dot = sum(i) dy[i]*y[i]:
//
//	dx[i] = y[i] * (dy[i] - dot)
//
// dx may be dy or y. All levels agree exactly.
func SoftmaxGrad(dx, dy, y []float32, dot float32) {
	sameLength("SoftmaxGrad", dx, dy)
	sameLength("SoftmaxGrad", dx, y)
	softmaxGrad(dx, dy, y, dot)
}

func softmaxGradGeneric(dx, dy, y []float32, dot float32) {
	for i, d := range dy {
		dx[i] = y[i] * (d - dot)
	}
}

package kernel

// Maps over whole arrays. All slices of a call have the same length; dst may
// be one of the operands. Every operation is rounded for itself, so that all
// levels agree exactly.

// Add computes dst[i] = x[i] + y[i].
func Add(dst, x, y []float32) {
	sameLength("Add", dst, x)
	sameLength("Add", dst, y)
	add(dst, x, y)
}

func addGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v + y[i]
	}
}

// Combine computes dst[i] = a*x[i] + (b*y[i] + c).
func Combine(dst []float32, a float32, x []float32, b float32, y []float32, c float32) {
	sameLength("Combine", dst, x)
	sameLength("Combine", dst, y)
	combine(dst, a, x, b, y, c)
}

func combineGeneric(dst []float32, a float32, x []float32, b float32, y []float32, c float32) {
	for i, v := range x {
		dst[i] = float32(a*v) + (float32(b*y[i]) + c)
	}
}

// ReLU computes dst[i] = 0 where x[i] < 0, and x[i] elsewhere: a NaN stays a
// NaN, and -0 stays -0, as in PyTorch.
func ReLU(dst, x []float32, to Target) {
	sameLength("ReLU", dst, x)
	relu(dst, x, to)
}

func reluGeneric(dst, x []float32) {
	for i, v := range x {
		if v < 0 {
			v = 0
		}
		dst[i] = v
	}
}

// ReLUGrad computes the input gradient of y = ReLU(x) from the output's, g:
//
//	dx[i] = 0 where y[i] <= 0, else g[i]
//
// It passes a gradient where y[i] is a NaN, as PyTorch does.
func ReLUGrad(dx, g, y []float32) {
	sameLength("ReLUGrad", dx, g)
	sameLength("ReLUGrad", dx, y)
	reluGrad(dx, g, y)
}

func reluGradGeneric(dx, g, y []float32) {
	for i, v := range y {
		d := g[i]
		if v <= 0 {
			d = 0
		}
		dx[i] = d
	}
}

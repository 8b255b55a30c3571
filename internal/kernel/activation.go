package kernel

import "math"

// Activation functions y = f(x) and their input gradients dx = dy*f'(x), as
// PyTorch defines them. All slices of a call have the same length; y may be x,
// and dx may be dy or x. ReLU is among the maps.
//
// The piecewise linear functions agree exactly on all levels, and with PyTorch.
// The portable forms of the others compute in float64 and round once. The
// assembly is off by at most
//
//	3 ulp of y            Sigmoid, SiLU
//	6 ulp of y            GELU (6.6 with AVX2)
//	5 ulp of |dy|*size    their gradients
//
// where an ulp is the distance of neighbouring float32 numbers, and size is the
// sum of the magnitudes of the terms of f'(x): those of SiLU and GELU cancel
// somewhere. Nothing else does; small values are as good as large ones. Only
// where an exponential is below the normal numbers, another 1e-43 may be lost,
// times |dy|.
//
// What the formulas give for an infinite x holds on all levels, such as NaN for
// GELU(-Inf), which is -Inf*0.

// Sigmoid computes y[i] = 1/(1 + exp(-x[i])). PyTorch:
// torch.nn.functional.sigmoid.
func Sigmoid(y, x []float32, to Target) {
	sameLength("Sigmoid", y, x)
	sigmoid(y, x, to)
}

func sigmoidGeneric(y, x []float32) {
	for i, v := range x {
		y[i] = float32(logistic(float64(v)))
	}
}

// SigmoidGrad computes, with s = 1/(1 + exp(-x[i])),
//
//	dx[i] = dy[i] * s*(1-s)
func SigmoidGrad(dx, dy, x []float32) {
	sameLength("SigmoidGrad", dx, dy)
	sameLength("SigmoidGrad", dx, x)
	sigmoidGrad(dx, dy, x)
}

func sigmoidGradGeneric(dx, dy, x []float32) {
	for i, v := range x {
		s, rest := logistic(float64(v)), logistic(-float64(v))
		dx[i] = float32(float64(dy[i]) * (s * rest))
	}
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// SiLU computes y[i] = x[i] / (1 + exp(-x[i])) (Elfwing et al., arXiv
// 1702.03118). PyTorch: torch.nn.functional.silu.
func SiLU(y, x []float32, to Target) {
	sameLength("SiLU", y, x)
	silu(y, x, to)
}

func siluGeneric(y, x []float32) {
	for i, v := range x {
		y[i] = float32(float64(v) * logistic(float64(v)))
	}
}

// SiLUGrad computes, with s = 1/(1 + exp(-x[i])),
//
//	dx[i] = dy[i] * s*(1 + x[i]*(1-s))
func SiLUGrad(dx, dy, x []float32) {
	sameLength("SiLUGrad", dx, dy)
	sameLength("SiLUGrad", dx, x)
	siluGrad(dx, dy, x)
}

func siluGradGeneric(dx, dy, x []float32) {
	for i, v := range x {
		s, rest := logistic(float64(v)), logistic(-float64(v))
		dx[i] = float32(float64(dy[i]) * (s * (1 + float64(v)*rest)))
	}
}

// GELU computes y[i] = x[i]*P(x[i]) with the distribution function of the
// normal distribution, P(x) = erfc(-x/sqrt(2))/2 (Hendrycks and Gimpel, arXiv
// 1606.08415). PyTorch: torch.nn.functional.gelu.
func GELU(y, x []float32, to Target) {
	sameLength("GELU", y, x)
	gelu(y, x, to)
}

func geluGeneric(y, x []float32) {
	for i, v := range x {
		y[i] = float32(float64(v) * normal(float64(v)))
	}
}

// GELUGrad computes, with P of GELU and its derivative p(x) =
// exp(-x^2/2)/sqrt(2*pi),
//
//	dx[i] = dy[i] * (P(x[i]) + x[i]*p(x[i]))
func GELUGrad(dx, dy, x []float32) {
	sameLength("GELUGrad", dx, dy)
	sameLength("GELUGrad", dx, x)
	geluGrad(dx, dy, x)
}

func geluGradGeneric(dx, dy, x []float32) {
	for i, v := range x {
		x := float64(v)
		density := math.Exp(-x*x/2) / math.Sqrt(2*math.Pi)
		dx[i] = float32(float64(dy[i]) * (normal(x) + x*density))
	}
}

func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// Hardsigmoid computes y[i] = min(max(x[i]+3, 0), 6) / 6. PyTorch:
// torch.nn.functional.hardsigmoid.
func Hardsigmoid(y, x []float32, to Target) {
	sameLength("Hardsigmoid", y, x)
	hardsigmoid(y, x, to)
}

func hardsigmoidGeneric(y, x []float32) {
	for i, v := range x {
		y[i] = min(max(v+3, 0), 6) / 6
	}
}

// HardsigmoidGrad computes dx[i] = dy[i]*(1/6) where -3 < x[i] < 3, and 0
// elsewhere.
func HardsigmoidGrad(dx, dy, x []float32) {
	sameLength("HardsigmoidGrad", dx, dy)
	sameLength("HardsigmoidGrad", dx, x)
	hardsigmoidGrad(dx, dy, x)
}

func hardsigmoidGradGeneric(dx, dy, x []float32) {
	for i, v := range x {
		d := float32(0)
		if -3 < v && v < 3 {
			d = dy[i] * (1.0 / 6)
		}
		dx[i] = d
	}
}

// Hardswish computes y[i] = x[i] * min(max(x[i]+3, 0), 6) / 6 (Howard et al.,
// arXiv 1905.02244). PyTorch: torch.nn.functional.hardswish.
func Hardswish(y, x []float32, to Target) {
	sameLength("Hardswish", y, x)
	hardswish(y, x, to)
}

func hardswishGeneric(y, x []float32) {
	for i, v := range x {
		y[i] = float32(v*min(max(v+3, 0), 6)) / 6
	}
}

// HardswishGrad computes
//
//	dx[i] = 0                      where x[i] < -3
//	dx[i] = dy[i]                  where x[i] > 3
//	dx[i] = dy[i]*(x[i]/3 + 0.5)   elsewhere
//
// At x = 3 this is 1.5*dy, as in PyTorch's scalar code. Its vector code has dy.
func HardswishGrad(dx, dy, x []float32) {
	sameLength("HardswishGrad", dx, dy)
	sameLength("HardswishGrad", dx, x)
	hardswishGrad(dx, dy, x)
}

func hardswishGradGeneric(dx, dy, x []float32) {
	for i, v := range x {
		d := dy[i]
		switch {
		case v < -3:
			d = 0
		case !(v > 3):
			d *= float32(v/3) + 0.5
		}
		dx[i] = d
	}
}

// ReLU6 computes y[i] = 0 where x[i] < 0, 6 where x[i] > 6, and x[i] elsewhere:
// a NaN stays a NaN, and -0 stays -0. PyTorch: torch.nn.functional.relu6.
func ReLU6(y, x []float32, to Target) {
	sameLength("ReLU6", y, x)
	relu6(y, x, to)
}

func relu6Generic(y, x []float32) {
	for i, v := range x {
		if v < 0 {
			v = 0
		}
		if v > 6 {
			v = 6
		}
		y[i] = v
	}
}

// ReLU6Grad computes dx[i] = 0 where x[i] <= 0 or x[i] >= 6, and dy[i]
// elsewhere, also where x[i] is a NaN.
func ReLU6Grad(dx, dy, x []float32) {
	sameLength("ReLU6Grad", dx, dy)
	sameLength("ReLU6Grad", dx, x)
	relu6Grad(dx, dy, x)
}

func relu6GradGeneric(dx, dy, x []float32) {
	for i, v := range x {
		d := dy[i]
		if v <= 0 || v >= 6 {
			d = 0
		}
		dx[i] = d
	}
}

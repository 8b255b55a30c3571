//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// form returns the form of a function for the instruction set in use.
func form[F any](avx512, avx2, generic F) F {
	switch cpu.Current() {
	case cpu.AVX512:
		return avx512
	case cpu.AVX2:
		return avx2
	}
	return generic
}

// activate computes y = f(x) by the form of the function for the instruction set.
func activate(avx512, avx2 func(y, x []float32, past bool), generic func(y, x []float32), y, x []float32, to Target) {
	switch cpu.Current() {
	case cpu.AVX512:
		avx512(y, x, to.past(y, 0))
	case cpu.AVX2:
		avx2(y, x, to.past(y, 0))
	default:
		generic(y, x)
	}
}

func sigmoid(y, x []float32, to Target) {
	activate(sigmoidAVX512, sigmoidAVX2, sigmoidGeneric, y, x, to)
}
func silu(y, x []float32, to Target) { activate(siluAVX512, siluAVX2, siluGeneric, y, x, to) }
func gelu(y, x []float32, to Target) { activate(geluAVX512, geluAVX2, geluGeneric, y, x, to) }
func hardsigmoid(y, x []float32, to Target) {
	activate(hardsigmoidAVX512, hardsigmoidAVX2, hardsigmoidGeneric, y, x, to)
}
func hardswish(y, x []float32, to Target) {
	activate(hardswishAVX512, hardswishAVX2, hardswishGeneric, y, x, to)
}
func relu6(y, x []float32, to Target) { activate(relu6AVX512, relu6AVX2, relu6Generic, y, x, to) }

func sigmoidGrad(dx, dy, x []float32) {
	form(sigmoidGradAVX512, sigmoidGradAVX2, sigmoidGradGeneric)(dx, dy, x)
}

func siluGrad(dx, dy, x []float32) {
	form(siluGradAVX512, siluGradAVX2, siluGradGeneric)(dx, dy, x)
}

func geluGrad(dx, dy, x []float32) {
	form(geluGradAVX512, geluGradAVX2, geluGradGeneric)(dx, dy, x)
}

func hardsigmoidGrad(dx, dy, x []float32) {
	form(hardsigmoidGradAVX512, hardsigmoidGradAVX2, hardsigmoidGradGeneric)(dx, dy, x)
}

func hardswishGrad(dx, dy, x []float32) {
	form(hardswishGradAVX512, hardswishGradAVX2, hardswishGradGeneric)(dx, dy, x)
}

func relu6Grad(dx, dy, x []float32) {
	form(relu6GradAVX512, relu6GradAVX2, relu6GradGeneric)(dx, dy, x)
}

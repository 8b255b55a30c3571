//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func add(dst, x, y []float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		addAVX512(dst, x, y)
	case cpu.AVX2:
		addAVX2(dst, x, y)
	default:
		addGeneric(dst, x, y)
	}
}

func combine(dst []float32, a float32, x []float32, b float32, y []float32, c float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		combineAVX512(dst, a, x, b, y, c)
	case cpu.AVX2:
		combineAVX2(dst, a, x, b, y, c)
	default:
		combineGeneric(dst, a, x, b, y, c)
	}
}

func relu(dst, x []float32, to Target) {
	activate(reluAVX512, reluAVX2, reluGeneric, dst, x, to)
}

func reluGrad(dx, g, y []float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		reluGradAVX512(dx, g, y)
	case cpu.AVX2:
		reluGradAVX2(dx, g, y)
	default:
		reluGradGeneric(dx, g, y)
	}
}

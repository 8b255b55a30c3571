//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func maxPool(y, x []float32, line, rows, cols int) {
	switch cpu.Current() {
	case cpu.AVX512:
		maxPoolAVX512(y, x, line, rows, cols)
	case cpu.AVX2:
		maxPoolAVX2(y, x, line, rows, cols)
	default:
		maxPoolGeneric(y, x, line, rows, cols)
	}
}

func maxPoolGrad(dx, x, y, dy []float32, line, rows, cols int) {
	switch cpu.Current() {
	case cpu.AVX512:
		maxPoolGradAVX512(dx, x, y, dy, line, rows, cols)
	case cpu.AVX2:
		maxPoolGradAVX2(dx, x, y, dy, line, rows, cols)
	default:
		maxPoolGradGeneric(dx, x, y, dy, line, rows, cols)
	}
}

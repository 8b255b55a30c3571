//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func scaleWhere(dst []float32, a float32, x []float32, mask []uint8) {
	switch cpu.Current() {
	case cpu.AVX512:
		scaleWhereAVX512(dst, a, x, mask)
	case cpu.AVX2:
		scaleWhereAVX2(dst, a, x, mask)
	default:
		scaleWhereGeneric(dst, a, x, mask)
	}
}

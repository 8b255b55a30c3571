//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func normalise(dst []float32, src []uint8, by *Normalisation) {
	switch cpu.Current() {
	case cpu.AVX512:
		normaliseAVX512(dst, src, &by.mean, &by.std)
	case cpu.AVX2:
		normaliseAVX2(dst, src, &by.mean, &by.std)
	default:
		normaliseGeneric(dst, src, by)
	}
}

func weighRows(dst, src []uint8, stride int, weights []uint32) {
	switch cpu.Current() {
	case cpu.AVX512:
		weighRowsAVX512(dst, src, stride, weights)
	case cpu.AVX2:
		weighRowsAVX2(dst, src, stride, weights)
	default:
		weighRowsGeneric(dst, src, stride, weights)
	}
}

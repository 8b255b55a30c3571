//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func halve(y, top, bottom []float32, c int) {
	switch cpu.Current() {
	case cpu.AVX512:
		halveAVX512(y, top, bottom, c)
	case cpu.AVX2:
		halveAVX2(y, top, bottom, c)
	default:
		halveGeneric(y, top, bottom, c)
	}
}

func halveGrad(dtop, dbottom, dy []float32, c int) {
	switch cpu.Current() {
	case cpu.AVX512:
		halveGradAVX512(dtop, dbottom, dy, c)
	case cpu.AVX2:
		halveGradAVX2(dtop, dbottom, dy, c)
	default:
		halveGradGeneric(dtop, dbottom, dy, c)
	}
}

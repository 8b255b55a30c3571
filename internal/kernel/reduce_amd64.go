//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func sum(x []float32) float32 {
	switch cpu.Current() {
	case cpu.AVX512:
		return sumAVX512(x)
	case cpu.AVX2:
		return sumAVX2(x)
	}
	return sumGeneric(x)
}

func extent(x []float32, center float32) (squares float64, peak float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		return extentAVX512(x, center)
	case cpu.AVX2:
		return extentAVX2(x, center)
	}
	return extentGeneric(x, center)
}

func sumAbs(x []float32) float32 {
	switch cpu.Current() {
	case cpu.AVX512:
		return sumAbsAVX512(x)
	case cpu.AVX2:
		return sumAbsAVX2(x)
	}
	return sumAbsGeneric(x)
}

func dot(x, y []float32) float32 {
	switch cpu.Current() {
	case cpu.AVX512:
		return dotAVX512(x, y)
	case cpu.AVX2:
		return dotAVX2(x, y)
	}
	return dotGeneric(x, y)
}

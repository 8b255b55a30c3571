//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// The assembly stores rows of at most two vectors, which is what the tiles of
// its level have; wider ones are left to the portable form.

func storeF32(dst []float32, outs []int, c []float32, ldc, n int, bias []float32) {
	switch level := cpu.Current(); {
	case level == cpu.AVX512 && n <= 32:
		storeF32AVX512(dst, outs, c, ldc, n, bias)
	case level == cpu.AVX2 && n <= 16:
		storeF32AVX2(dst, outs, c, ldc, n, bias)
	default:
		storeF32Generic(dst, outs, c, ldc, n, bias)
	}
}

func storeI32(dst []float32, outs []int, c []int32, ldc, n int, offset []int32, scale, bias []float32) {
	switch level := cpu.Current(); {
	case level == cpu.AVX512 && n <= 32:
		storeI32AVX512(dst, outs, c, ldc, n, offset, scale, bias)
	case level == cpu.AVX2 && n <= 16:
		storeI32AVX2(dst, outs, c, ldc, n, offset, scale, bias)
	default:
		storeI32Generic(dst, outs, c, ldc, n, offset, scale, bias)
	}
}

func finishRows(dst []float32, outs []int, n int, scale, shift, other []float32, floor, ceil float32) {
	switch level := cpu.Current(); {
	case level == cpu.AVX512 && n <= 32:
		finishRowsAVX512(dst, outs, n, scale, shift, other, floor, ceil)
	case level == cpu.AVX2 && n <= 16:
		finishRowsAVX2(dst, outs, n, scale, shift, other, floor, ceil)
	default:
		finishRowsGeneric(dst, outs, n, scale, shift, other, floor, ceil)
	}
}

func measureRows(sum, square, x []float32, outs []int, n int, center []float32) {
	switch level := cpu.Current(); {
	case level == cpu.AVX512 && n <= 32:
		measureRowsAVX512(sum, square, x, outs, n, center)
	case level == cpu.AVX2 && n <= 16:
		measureRowsAVX2(sum, square, x, outs, n, center)
	default:
		measureRowsGeneric(sum, square, x, outs, n, center)
	}
}

package kernel

import (
	"fmt"
	"math"
)

// A bfloat16 is the upper half of a float32: 8 bits of significand. Codes of
// activations and weights are exact in it.

// floatOf returns the value of a bfloat16.
func floatOf(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// bf16Of returns the nearest bfloat16, halves to even. A NaN stays one.
func bf16Of(v float32) uint16 {
	u := math.Float32bits(v)
	if v != v {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// RoundBF16 computes dst[i] = x[i]*scale, the product rounded to float32 and
// then to the nearest bfloat16, halves to even. dst and x have the same length,
// and dst may be x. All levels agree exactly, here and below.
func RoundBF16(dst, x []float32, scale float32) {
	sameLength("RoundBF16", dst, x)
	roundBF16(dst, x, scale)
}

func roundBF16Generic(dst, x []float32, scale float32) {
	for i, v := range x {
		dst[i] = floatOf(bf16Of(v * scale))
	}
}

// PairBF16 rounds as RoundBF16 does, to bfloat16 of which those of two arrays lie one
// beside the other:
//
//	dst[2*i] = a*x[i]    dst[2*i+1] = b*y[i]
//
// x and y have the same length, dst twice that.
func PairBF16(dst []uint16, x, y []float32, a, b float32) {
	if len(dst) != 2*len(x) || len(x) != len(y) {
		panic(fmt.Sprintf("kernel.PairBF16: %d values from arrays of %d and %d", len(dst), len(x), len(y)))
	}
	pairBF16(dst, x, y, a, b)
}

func pairBF16Generic(dst []uint16, x, y []float32, a, b float32) {
	for i, v := range x {
		dst[2*i], dst[2*i+1] = bf16Of(a*v), bf16Of(b*y[i])
	}
}

// CodesBF16 computes dst[i] = codes[i] - 128 from codes as QuantiseU8 stores
// them. dst and codes have the same length.
func CodesBF16(dst []uint16, codes []uint8) {
	if len(dst) != len(codes) {
		panic(fmt.Sprintf("kernel.CodesBF16: %d values for %d codes", len(dst), len(codes)))
	}
	codesBF16(dst, codes)
}

func codesBF16Generic(dst []uint16, codes []uint8) {
	for i, c := range codes {
		dst[i] = bf16Of(float32(int(c) - 128))
	}
}

// CodesF32 computes dst[i] = codes[i]. dst and codes have the same length.
func CodesF32(dst []float32, codes []int8) {
	if len(dst) != len(codes) {
		panic(fmt.Sprintf("kernel.CodesF32: %d values for %d codes", len(dst), len(codes)))
	}
	codesF32(dst, codes)
}

func codesF32Generic(dst []float32, codes []int8) {
	for i, c := range codes {
		dst[i] = float32(c)
	}
}

package kernel

import (
	"fmt"
	"math"
)

// QuantiseU8 writes the int8 code of each value, stored with 128 added:
//
//	dst[i] = 128 + clamp(roundHalfEven((x[i]-center)*scale), -128, 127)
//
// The subtraction and the product are rounded to float32 one after the other.
// dst and x have the same length. The code of a NaN is unspecified.
func QuantiseU8(dst []uint8, x []float32, center, scale float32) {
	if len(dst) != len(x) {
		panic(fmt.Sprintf("kernel.QuantiseU8: %d codes for %d values", len(dst), len(x)))
	}
	quantiseU8(dst, x, center, scale)
}

func quantiseU8Generic(dst []uint8, x []float32, center, scale float32) {
	for i, v := range x {
		d := v - center
		r := math.RoundToEven(float64(d * scale))
		dst[i] = uint8(int(min(max(r, -128), 127)) + 128)
	}
}

// DequantiseU8 turns codes, stored as QuantiseU8 stores them, into values:
//
//	dst[i] = scale * (codes[i] - 128)
//
// dst and codes have the same length. All levels agree exactly.
func DequantiseU8(dst []float32, codes []uint8, scale float32) {
	if len(dst) != len(codes) {
		panic(fmt.Sprintf("kernel.DequantiseU8: %d values for %d codes", len(dst), len(codes)))
	}
	dequantiseU8(dst, codes, scale)
}

func dequantiseU8Generic(dst []float32, codes []uint8, scale float32) {
	for i, c := range codes {
		dst[i] = scale * float32(int(c)-128)
	}
}

// SignsS8 compares each value with two thresholds:
//
//	dst[i] = (x[i] > high ? 1 : 0) - (x[i] < low ? 1 : 0)
//
// dst and x have the same length. All levels agree exactly.
func SignsS8(dst []int8, x []float32, low, high float32) {
	if len(dst) != len(x) {
		panic(fmt.Sprintf("kernel.SignsS8: %d codes for %d values", len(dst), len(x)))
	}
	signsS8(dst, x, low, high)
}

func signsS8Generic(dst []int8, x []float32, low, high float32) {
	for i, v := range x {
		dst[i] = bit(v > high) - bit(v < low)
	}
}

// bit compiles to a flag and no branch: the codes are as unpredictable as the
// values.
func bit(b bool) int8 {
	if b {
		return 1
	}
	return 0
}

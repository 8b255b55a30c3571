// Package floats reads and writes the floating-point numbers of weight files,
// whatever the format around them: little-endian, one after the other.
package floats

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// A Type is a type of stored numbers.
type Type string

// The types that convert to float32.
const (
	F16  Type = "F16"  // IEEE 754 half precision
	BF16 Type = "BF16" // the upper half of a float32
	F32  Type = "F32"
	F64  Type = "F64"
)

// Width returns how many bytes an element takes, or 0 for any other type.
func (t Type) Width() int {
	switch t {
	case F16, BF16:
		return 2
	case F32:
		return 4
	case F64:
		return 8
	}
	return 0
}

// MaxAxes is how many axes a shape may have: the limit of NumPy and PyTorch.
const MaxAxes = 64

// Count returns the number of elements of a shape, the product of its axis
// lengths. It returns an error if the product is no int, an axis is negative
// or there are more than MaxAxes.
func Count(shape []int) (int, error) {
	if len(shape) > MaxAxes {
		return 0, fmt.Errorf("shape has %d axes, expected at most %d", len(shape), MaxAxes)
	}
	n := uint64(1)
	for _, length := range shape {
		if length < 0 {
			return 0, fmt.Errorf("shape %v has a negative axis", shape)
		}
		hi, lo := bits.Mul64(n, uint64(length))
		if hi > 0 || lo > math.MaxInt {
			return 0, fmt.Errorf("shape %v has more elements than can be counted", shape)
		}
		n = lo
	}
	return int(n), nil
}

// CheckFinite returns an error that names the first element which is NaN or
// infinite. The number of values[0] is first.
func CheckFinite(values []float32, first int) error {
	for i, v := range values {
		if v-v != 0 { // NaN for both
			return fmt.Errorf("element %d is %v, expected finite numbers", first+i, v)
		}
	}
	return nil
}

// encode computes dst[4i:4i+4] = values[i] for every element of values.
func encode(dst []byte, values []float32) {
	for i, v := range values {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

// decode computes dst[i] = element i of src, as float32, for every element of
// dst.
func decode(dst []float32, src []byte, t Type) {
	switch t {
	case F16:
		for i := range dst {
			dst[i] = fromHalf(binary.LittleEndian.Uint16(src[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
		}
	default:
		panic("floats.decode: " + string(t) + " does not convert to float32")
	}
}

// fromHalf returns the value of an IEEE 754 half-precision number: 1 bit of
// sign, 5 of exponent (bias 15), 10 of fraction. Every one is a float32
// (8 bits of exponent, bias 127, 23 of fraction).
func fromHalf(h uint16) float32 {
	sign, exponent, fraction := uint32(h)>>15<<31, uint32(h)>>10&0x1f, uint32(h)&0x3ff
	switch exponent {
	case 0: // fraction * 2^-24: zero, or subnormal here and normal as float32
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	case 0x1f: // infinity, or NaN with its payload
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

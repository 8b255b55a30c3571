package safetensors

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// blockSize is how many bytes are converted at a time: few enough to stay in
// the first-level cache, many enough for a system call.
const blockSize = 1 << 15

// bytesOf returns the memory of values. On a little-endian machine that is
// their form in a file, so it is read and written as it is: converting element
// by element, as the portable functions below do, takes as long again as
// handing the bytes to the operating system.
//
// This is the only unsafe code of the package. It is sound because every bit
// pattern is a byte, bytes need no alignment, and the result keeps values
// alive.
func bytesOf(values []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
}

// littleEndian tells whether bytesOf is the form of a file.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

// encode computes dst[4i:4i+4] = values[i] for every element of values.
func encode(dst []byte, values []float32) {
	for i, v := range values {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

// decode computes dst[i] = element i of src, as float32, for every element of
// dst. The type must be readable.
func decode(dst []float32, src []byte, d DType) {
	switch d {
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
		panic("safetensors.decode: " + string(d) + " cannot be read as float32")
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

package safetensors

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/AlarioAI/bitnet/internal/floats"
)

// A DType is the type of a tensor's elements, by its name in the header.
type DType string

// The types that are read as float32. A file may hold tensors of the other
// types that the format defines (BOOL, U8 to U64, I8 to I64, C64 and the
// floats of 8 bits and less); their elements cannot be read.
const (
	F16  DType = "F16"  // IEEE 754 half precision
	BF16 DType = "BF16" // the upper half of a float32
	F32  DType = "F32"
	F64  DType = "F64"
)

// bits returns the length of an element, or 0 if the format has no such type.
func (d DType) bits() int {
	switch d {
	case "F4":
		return 4
	case "F6_E2M3", "F6_E3M2":
		return 6
	case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ":
		return 8
	case "U16", "I16", F16, BF16:
		return 16
	case "U32", "I32", F32:
		return 32
	case "U64", "I64", F64, "C64": // C64 is two float32
		return 64
	}
	return 0
}

// Float tells whether the elements are floating-point numbers that are read as
// float32.
func (d DType) Float() bool {
	return floats.Type(d).Width() > 0
}

// size returns how many bytes n elements take.
func (d DType) size(n int) (int64, error) {
	hi, lo := bits.Mul64(uint64(n), uint64(d.bits()))
	if hi > 0 {
		return 0, fmt.Errorf("%d elements of %s are more bytes than can be counted", n, d)
	}
	if lo%8 != 0 {
		return 0, errors.New("the elements do not fill whole bytes")
	}
	return int64(lo / 8), nil
}

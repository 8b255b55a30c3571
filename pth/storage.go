package pth

import "github.com/AlarioAI/bitnet/safetensors"

// A storageType is a class such as torch.FloatStorage, without the module.
type storageType string

// elements returns the type of a storage's elements and how many bytes one
// takes. Storages of quantised numbers and of complex128 are not known:
// safetensors has no names for their types.
func (class storageType) elements() (dtype safetensors.DType, width int) {
	switch class {
	case "HalfStorage":
		return safetensors.F16, 2
	case "BFloat16Storage":
		return safetensors.BF16, 2
	case "FloatStorage":
		return safetensors.F32, 4
	case "DoubleStorage":
		return safetensors.F64, 8
	case "BoolStorage":
		return "BOOL", 1
	case "ByteStorage":
		return "U8", 1
	case "CharStorage":
		return "I8", 1
	case "ShortStorage":
		return "I16", 2
	case "IntStorage":
		return "I32", 4
	case "LongStorage":
		return "I64", 8
	case "ComplexFloatStorage":
		return "C64", 8
	}
	return "", 0
}

func (class storageType) known() bool {
	_, width := class.elements()
	return width > 0
}

// A storage is what tensors are views of: the record data/KEY.
type storage struct {
	class storageType
	key   string
	n     int // elements
}

// Package safetensors reads and writes named arrays in the safetensors format
// of Hugging Face (https://github.com/huggingface/safetensors). Checkpoints
// are such files, and weights are exchanged with PyTorch through them.
//
// A file is
//
//	N        8 bytes, little-endian: the length of the header
//	header   N bytes of JSON, padded with spaces:
//	         {"__metadata__": {"key": "value", ...},
//	          "fc.bias": {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]}, ...}
//	data     the elements of all tensors, little-endian, row-major
//
// Offsets count from the start of the data. The tensors cover it without gap
// or overlap, so a file has one meaning and hides nothing.
//
// The reader trusts nothing. It refuses what the reference implementation
// refuses, and some things that no writer makes and that one passes over:
// duplicate keys of metadata, keys that the format does not define, spaces
// before the JSON, anything but spaces after it, and headers that take more
// memory than their file: of more than 16,000 tensors that have fewer than a
// hundred elements on average.
package safetensors

// maxHeader is how many bytes reader and writer allow a header: the limit of
// the reference implementation.
const maxHeader = 100_000_000

// A header becomes up to 7 times as much memory. A file may have as many keys
// of JSON as it takes, at perKey bytes each, to fill itself and the allowance.
const (
	perKey    = 128 // a tensor has 4: its name, dtype, shape, data_offsets
	allowance = 8 << 20
)

// metadataKey is the one key of the header that is not a tensor's name.
const metadataKey = "__metadata__"

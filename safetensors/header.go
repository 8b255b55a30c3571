package safetensors

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/AlarioAI/bitnet/internal/floats"
)

// An entry is what the header says of one tensor.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	n          int   // elements
	begin, end int64 // offsets into the data
}

// A header is the decoded JSON of a file.
type header struct {
	metadata map[string]string
	entries  []entry // in the order of their data
}

// parseHeader decodes the JSON of a file whose data is dataSize bytes long,
// and refuses entries that do not cover exactly these.
func parseHeader(text []byte, dataSize int64) (header, error) {
	if !utf8.Valid(text) {
		return header{}, errors.New("header: expected valid UTF-8")
	}
	if !bytes.HasPrefix(text, []byte("{")) {
		return header{}, errors.New("header: expected JSON that begins with {")
	}
	keys := (int64(len(text)) + dataSize + allowance) / perKey
	h, err := decodeHeader(bytes.TrimRight(text, " "), keys)
	if err != nil {
		return header{}, err
	}
	// Empty tensors share an offset with others: they keep their order.
	slices.SortStableFunc(h.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	covered := int64(0)
	for _, e := range h.entries {
		if e.begin != covered {
			return header{}, fmt.Errorf("tensor %.80q: its data begins at byte %d, expected %d, where the tensor before ends", e.name, e.begin, covered)
		}
		covered = e.end
	}
	if covered != dataSize {
		return header{}, fmt.Errorf("%d bytes after the header, expected %d as its tensors take", dataSize, covered)
	}
	return h, nil
}

// decodeHeader decodes a header of at most that many keys.
func decodeHeader(text []byte, keys int64) (header, error) {
	var h header
	d := newDecoder(text, keys)
	err := d.object(func(name string) (err error) {
		if name == metadataKey {
			h.metadata, err = decodeMetadata(d)
			return within(metadataKey, err)
		}
		e, err := decodeEntry(d)
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", name, err)
		}
		e.name = name
		h.entries = append(h.entries, e)
		return nil
	})
	if err == nil {
		err = d.end()
	}
	return h, within("header", err)
}

func decodeMetadata(d *decoder) (map[string]string, error) {
	metadata := map[string]string{}
	err := d.object(func(key string) error {
		value, err := d.string()
		metadata[key] = value
		return err
	})
	return metadata, err
}

func decodeEntry(d *decoder) (entry, error) {
	var e entry
	var offsets []int64
	err := d.object(func(key string) (err error) {
		switch key {
		case "dtype":
			e.dtype, err = decodeDType(d)
		case "shape":
			e.shape, err = decodeShape(d)
		case "data_offsets":
			offsets, err = d.numbers(2)
		default:
			return fmt.Errorf("unknown key %.80q, expected dtype, shape and data_offsets", key)
		}
		return within(key, err)
	})
	switch {
	case err != nil:
		return entry{}, err
	case e.dtype == "" || e.shape == nil || offsets == nil:
		return entry{}, errors.New("expected dtype, shape and data_offsets")
	case len(offsets) != 2 || offsets[0] > offsets[1]:
		return entry{}, fmt.Errorf("data_offsets %v: expected the first byte and the one after the last", offsets)
	}
	e.begin, e.end = offsets[0], offsets[1]

	e.n, err = floats.Count(e.shape)
	if err != nil {
		return entry{}, err
	}
	size, err := e.dtype.size(e.n)
	if err != nil {
		return entry{}, err
	}
	if e.end-e.begin != size {
		return entry{}, fmt.Errorf("data_offsets %v span %d bytes, expected %d for %s of shape %v", offsets, e.end-e.begin, size, e.dtype, e.shape)
	}
	return e, nil
}

func decodeDType(d *decoder) (DType, error) {
	name, err := d.string()
	if err != nil {
		return "", err
	}
	if DType(name).bits() == 0 {
		return "", fmt.Errorf("unknown type %.80q, expected one of the format such as F32", name)
	}
	return DType(name), nil
}

// decodeShape returns a slice that is not nil.
func decodeShape(d *decoder) ([]int, error) {
	lengths, err := d.numbers(floats.MaxAxes)
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(lengths))
	for i, length := range lengths {
		shape[i] = int(length)
		if int64(shape[i]) != length { // where int has 32 bits
			return nil, fmt.Errorf("axis length %d is more than this machine can count", length)
		}
	}
	return shape, nil
}

// within prefixes an error with the place where it was found.
func within(place string, err error) error {
	if err != nil {
		err = fmt.Errorf("%s: %w", place, err)
	}
	return err
}

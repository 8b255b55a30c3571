package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/AlarioAI/bitnet/internal/floats"
)

// A Tensor is an array to be written.
type Tensor struct {
	Name  string
	Shape []int     // nil for a single number
	Data  []float32 // row-major; its length is the product of Shape
}

// Write writes a whole file: the tensors as F32 in the order given, and
// metadata by ascending key. The same input makes the same bytes.
//
// It returns an error, before the first byte is written, if two tensors have
// the same name, a name is reserved (__metadata__), a shape does not fit its
// data, a string is not valid UTF-8, or the header would exceed 100 MB. Errors
// of w come back as they are.
//
// The data of a tensor is handed to w in one piece, without a copy (in blocks
// on big-endian machines): buffer w if there are many small tensors.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	header, err := formatHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		if err := floats.Write(w, t.Data); err != nil {
			return err
		}
	}
	return nil
}

// formatHeader returns everything before the data, the length included.
func formatHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	header := make([]byte, 8, 8+128*(1+len(tensors)))
	header = append(header, '{')
	if len(metadata) > 0 {
		header = append(appendString(header, metadataKey), ":{"...)
		for i, key := range slices.Sorted(maps.Keys(metadata)) {
			if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
				return nil, fmt.Errorf("metadata %q: expected valid UTF-8", key)
			}
			if i > 0 {
				header = append(header, ',')
			}
			header = append(appendString(header, key), ':')
			header = appendString(header, metadata[key])
		}
		header = append(header, '}')
	}
	seen := make(map[string]bool, len(tensors))
	begin := int64(0)
	for i, t := range tensors {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if seen[t.Name] {
			return nil, fmt.Errorf("tensor %q: expected names that differ", t.Name)
		}
		seen[t.Name] = true
		if i > 0 || len(metadata) > 0 {
			header = append(header, ',')
		}
		end := begin + 4*int64(len(t.Data))
		header = append(appendString(header, t.Name), `:{"dtype":"F32","shape":`...)
		header = appendShape(header, t.Shape)
		header = fmt.Appendf(header, `,"data_offsets":[%d,%d]}`, begin, end)
		begin = end
	}
	header = append(header, '}')
	for len(header)%8 != 0 { // so that the data is aligned in a mapped file
		header = append(header, ' ')
	}
	n := len(header) - 8
	if n > maxHeader {
		return nil, fmt.Errorf("names, shapes and metadata take %d bytes, expected at most %d", n, maxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(n))
	return header, nil
}

func (t *Tensor) check() error {
	if t.Name == metadataKey {
		return errors.New("the name is reserved")
	}
	if !utf8.ValidString(t.Name) {
		return errors.New("expected a name in valid UTF-8")
	}
	n, err := floats.Count(t.Shape)
	if err != nil {
		return err
	}
	if n != len(t.Data) {
		return fmt.Errorf("shape %v has %d elements, expected %d as the data", t.Shape, n, len(t.Data))
	}
	return nil
}

// appendString appends valid UTF-8 as a JSON string. Unlike json.Marshal it
// leaves <, > and & alone, as the reference implementation does.
func appendString(b []byte, s string) []byte {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("safetensors: a string has no JSON: " + err.Error()) // it always has
	}
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}

// appendShape appends a JSON array.
func appendShape(b []byte, shape []int) []byte {
	b = append(b, '[')
	for i, length := range shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(length), 10)
	}
	return append(b, ']')
}

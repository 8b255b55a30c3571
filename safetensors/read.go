package safetensors

import (
	"fmt"

	"github.com/AlarioAI/bitnet/internal/floats"
)

// Float32 returns the elements of a tensor, row-major, in a new slice. It
// returns an error in the cases of ReadInto.
func (f *File) Float32(name string) ([]float32, error) {
	e, err := f.readable(name)
	if err != nil {
		return nil, err
	}
	values := make([]float32, e.n)
	if err := f.read(values, e, 0); err != nil {
		return nil, err
	}
	return values, nil
}

// ReadInto reads the elements of a tensor, row-major, into dst. F16 and BF16
// convert exactly, F64 to the nearest float32.
//
// It returns an error that begins with the file's name if there is no such
// tensor, it is of another type, its number of elements is not len(dst), or the
// file cannot be read. In the last case dst may be partly overwritten.
func (f *File) ReadInto(name string, dst []float32) error {
	e, err := f.readable(name)
	if err != nil {
		return err
	}
	if e.n != len(dst) {
		return fmt.Errorf("%s: tensor %.80q: shape %v has %d elements, expected %d", f.name, name, e.shape, e.n, len(dst))
	}
	return f.read(dst, e, 0)
}

// CheckFinite reads all tensors of the types that Float32 reads. It returns an
// error that names the first element which is NaN or infinite as a float32, for
// callers to refuse or to show as a warning.
func (f *File) CheckFinite() error {
	block := make([]float32, floats.BlockSize/4)
	for i := range f.entries {
		e := &f.entries[i]
		if !e.dtype.Float() {
			continue
		}
		for first := 0; first < e.n; first += len(block) {
			values := block[:min(len(block), e.n-first)]
			if err := f.read(values, e, first); err != nil {
				return err
			}
			if err := floats.CheckFinite(values, first); err != nil {
				return fmt.Errorf("%s: tensor %.80q: %w", f.name, e.name, err)
			}
		}
	}
	return nil
}

// readable returns the entry of a tensor whose elements can be read.
func (f *File) readable(name string) (*entry, error) {
	i, ok := f.index[name]
	if !ok {
		return nil, fmt.Errorf("%s: no tensor %.80q, expected it among the %d of the file", f.name, name, len(f.entries))
	}
	e := &f.entries[i]
	if !e.dtype.Float() {
		return nil, fmt.Errorf("%s: tensor %.80q: type %s, expected F32, F16, BF16 or F64", f.name, name, e.dtype)
	}
	return e, nil
}

// read computes dst[i] = element first+i of a tensor.
func (f *File) read(dst []float32, e *entry, first int) error {
	offset := f.start + e.begin + int64(first)*int64(e.dtype.bits()/8)
	if err := floats.Read(dst, f.data, offset, floats.Type(e.dtype)); err != nil {
		return fmt.Errorf("%s: tensor %.80q: %w", f.name, e.name, err)
	}
	return nil
}

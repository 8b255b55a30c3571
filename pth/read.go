package pth

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
	if err := f.read(values, e); err != nil {
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
	return f.read(dst, e)
}

// CheckFinite reads all tensors of the types that Float32 reads, one at a time.
// It returns an error that names the first element which is NaN or infinite as
// a float32, for callers to refuse or to show as a warning.
func (f *File) CheckFinite() error {
	var buf []float32
	for i := range f.entries {
		e := &f.entries[i]
		if !e.readable() {
			continue
		}
		if e.n > len(buf) {
			buf = make([]float32, e.n)
		}
		values := buf[:e.n]
		if err := f.read(values, e); err != nil {
			return err
		}
		if err := floats.CheckFinite(values, 0); err != nil {
			return fmt.Errorf("%s: tensor %.80q: %w", f.name, e.name, err)
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
	if !e.readable() {
		return nil, fmt.Errorf("%s: tensor %.80q: type %s, expected F32, F16, BF16 or F64", f.name, name, e.dtype())
	}
	return e, nil
}

// read computes dst[i] = element i of a tensor in row-major order.
func (f *File) read(dst []float32, e *entry) error {
	var err error
	switch {
	case e.n == 0:
	case e.contiguous():
		err = floats.Read(dst, f.data, e.start, floats.Type(e.dtype()))
	default:
		err = f.gather(dst, e)
	}
	if err != nil {
		return fmt.Errorf("%s: tensor %.80q: %w", f.name, e.name, err)
	}
	return nil
}

// gather is read for a tensor of any strides. It goes through the storage once
// from the first element to the last, in blocks.
func (f *File) gather(dst []float32, e *entry) error {
	span, err := e.span()
	if err != nil {
		return err
	}
	block := make([]float32, min(span, floats.BlockSize/4))
	first, end := 0, 0 // the part of the span that is in block
	var walk func(axes []axis, from, to int) error
	walk = func(axes []axis, from, to int) error {
		if len(axes) == 0 {
			if from >= end {
				first, end = from, min(span, from+len(block))
				if err := floats.Read(block[:end-first], f.data, e.start+int64(first)*e.width(), floats.Type(e.dtype())); err != nil {
					return err
				}
			}
			dst[to] = block[from-first]
			return nil
		}
		for range axes[0].length {
			if err := walk(axes[1:], from, to); err != nil {
				return err
			}
			from, to = from+axes[0].stride, to+axes[0].step
		}
		return nil
	}
	return walk(e.axes(), 0, 0)
}

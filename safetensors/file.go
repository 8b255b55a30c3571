package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/AlarioAI/bitnet/internal/floats"
	"github.com/AlarioAI/bitnet/internal/mmap"
)

// A File gives access to the tensors of a file. Its header is in memory, the
// elements are read when asked for. Several goroutines may read at a time, if
// the underlying io.ReaderAt allows it as files do.
type File struct {
	header
	index map[string]int // of entries
	name  string         // for errors
	data  io.ReaderAt    // the whole file
	start int64          // of the data in the file
	close func() error
}

// Open opens the file of that name, mapped into memory where the system can do
// that. It returns the errors of Decode and those of package os.
//
// If another process cuts the file, reads past its new end return an error. If
// another process writes into it, reads return what it wrote: replace a file
// that may be in use by renaming a new one.
func Open(name string) (*File, error) {
	file, err := mmap.Open(name)
	if err != nil {
		return nil, err
	}
	f, err := Decode(file, file.Size(), name)
	if err != nil {
		file.Close()
		return nil, err
	}
	f.close = file.Close
	return f, nil
}

// Decode reads the header of a file of that size. Its name is for errors only.
//
// It returns an error, which begins with name, if the file is not what the
// package comment describes, to the byte. The memory that it takes is at most
// twice the file's size and 8 MB; nothing is allocated for what the header only
// declares.
func Decode(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{name: name, data: r, close: func() error { return nil }}
	if err := f.readHeader(size); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func (f *File) readHeader(size int64) error {
	var length [8]byte
	if size < int64(len(length)) {
		return fmt.Errorf("truncated: %d bytes, expected the header's length in the first 8", size)
	}
	if err := floats.Fill(length[:], f.data, 0); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return fmt.Errorf("not a safetensors file: header of %d bytes, expected at most %d", n, maxHeader)
	}
	if int64(n) > size-8 {
		return fmt.Errorf("truncated: %d bytes, expected a header of %d after the first 8", size, n)
	}
	text := make([]byte, n)
	if err := floats.Fill(text, f.data, 8); err != nil {
		return err
	}
	f.start = 8 + int64(n)
	var err error
	if f.header, err = parseHeader(text, size-f.start); err != nil {
		return err
	}
	f.index = make(map[string]int, len(f.entries))
	for i, e := range f.entries {
		f.index[e.name] = i
	}
	return nil
}

// Close closes what Open opened.
func (f *File) Close() error { return f.close() }

// Names returns the names of the tensors in the order of their data.
func (f *File) Names() []string {
	names := make([]string, len(f.entries))
	for i, e := range f.entries {
		names[i] = e.name
	}
	return names
}

// Metadata returns a copy of the file's metadata.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Shape returns the axis lengths of a tensor in a new slice, or false if the
// file has no tensor of that name. A single number has no axes.
func (f *File) Shape(name string) ([]int, bool) {
	i, ok := f.index[name]
	if !ok {
		return nil, false
	}
	return slices.Clone(f.entries[i].shape), true
}

// DType returns the type of a tensor's elements, or false if the file has no
// tensor of that name.
func (f *File) DType(name string) (DType, bool) {
	i, ok := f.index[name]
	if !ok {
		return "", false
	}
	return f.entries[i].dtype, true
}

package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
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

// Open opens the file of that name. It returns the errors of Decode and those
// of package os.
func Open(name string) (*File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	f, err := decodeFile(file, name)
	if err != nil {
		file.Close()
		return nil, err
	}
	f.close = file.Close
	return f, nil
}

func decodeFile(file *os.File, name string) (*File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: expected a regular file", name)
	}
	return Decode(file, info.Size(), name)
}

// Decode reads the header of a file of that size. Its name is for errors only.
//
// It returns an error, which begins with name, if the file is not what the
// package comment describes, to the byte. The memory that it needs is
// proportional to the header; nothing is allocated for what the header only
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
	if err := f.readAt(length[:], 0); err != nil {
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
	if err := f.readAt(text, 8); err != nil {
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

// readAt fills buf from that offset of the file.
func (f *File) readAt(buf []byte, offset int64) error {
	n, err := f.data.ReadAt(buf, offset)
	if n == len(buf) { // with or without io.EOF
		return nil
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("truncated at byte %d, expected %d", offset+int64(n), offset+int64(len(buf)))
	}
	var path *fs.PathError // repeats the name
	if errors.As(err, &path) {
		err = path.Err
	}
	return err
}

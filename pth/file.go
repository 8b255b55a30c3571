package pth

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/AlarioAI/bitnet/internal/floats"
	"github.com/AlarioAI/bitnet/internal/mmap"
	"github.com/AlarioAI/bitnet/safetensors"
)

// A File gives access to the tensors of a file, by the methods of
// safetensors.File. Their elements are read when asked for. Several goroutines
// may read at a time, if the underlying io.ReaderAt allows it as files do.
type File struct {
	entries []entry
	index   map[string]int // of entries
	name    string         // for errors
	data    io.ReaderAt    // the whole file
	close   func() error
}

// An entry is a tensor under one of its names.
type entry struct {
	*tensor
	name  string
	n     int   // elements
	start int64 // of the first element in the file
}

// Open opens the file of that name, mapped into memory where the system can do
// that. It returns the errors of Decode and those of package os. What
// safetensors.Open says of files that change holds here too.
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

// Decode reads the dict of a file of that size. Its name is for errors only.
//
// It returns an error, which begins with name, if the file is not what the
// package comment describes, or if a tensor is not within its storage or shares
// memory with itself. The memory that it takes is at most twice the file's size
// and 8 MB; nothing is allocated for what the file only declares. (A file that
// needs more, of more than 8,000 tensors that have but a few elements, is
// refused.)
func Decode(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{name: name, data: r, close: func() error { return nil }}
	if err := f.readDict(size); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func (f *File) readDict(size int64) error {
	a, err := openArchive(f.data, size)
	if err != nil {
		return err
	}
	pickle, err := findPickle(a.records)
	if err != nil {
		return err
	}
	folder := strings.TrimSuffix(pickle.name, pickleName)
	if err := checkByteOrder(a, folder); err != nil {
		return err
	}
	text, err := readText(f.data, pickle.offset, pickle.size)
	if err != nil {
		return fmt.Errorf("record %.80q: %w", pickle.name, err)
	}
	top, err := unpickle(text, size)
	if err != nil {
		return fmt.Errorf("record %.80q: %w", pickle.name, err)
	}
	items, err := stateDict(top)
	if err != nil {
		return err
	}
	f.entries, f.index = make([]entry, 0, len(items)), make(map[string]int, len(items))
	for _, item := range items {
		t, ok := item.value.(*tensor)
		if !ok {
			continue
		}
		e := entry{tensor: t, name: item.key}
		if _, twice := f.index[e.name]; twice {
			err = errors.New("there are two of that name")
		} else {
			err = e.locate(a, folder)
		}
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", e.name, err)
		}
		f.index[e.name] = len(f.entries)
		f.entries = append(f.entries, e)
	}
	return nil
}

const pickleName = "/data.pkl"

// findPickle returns the record NAME/data.pkl. NAME is what the file was called
// when it was saved.
func findPickle(records []record) (record, error) {
	isPickle := func(r record) bool {
		folder, ok := strings.CutSuffix(r.name, pickleName)
		return ok && !strings.Contains(folder, "/")
	}
	i := slices.IndexFunc(records, isPickle)
	if i < 0 {
		return record{}, errors.New("no record NAME/data.pkl, expected an archive that torch.save wrote")
	}
	if slices.ContainsFunc(records[i+1:], isPickle) {
		return record{}, errors.New("two records NAME/data.pkl, expected one")
	}
	return records[i], nil
}

// checkByteOrder refuses files of big-endian machines. Before PyTorch 2.1 they
// did not say so.
func checkByteOrder(a *archive, folder string) error {
	const little = "little"
	r, ok := a.find(folder + "/byteorder")
	if !ok {
		return nil
	}
	order, err := readText(a.data, r.offset, min(r.size, int64(len(little))))
	if err == nil && (order != little || r.size != int64(len(little))) {
		err = fmt.Errorf("%q, expected %s", order, little)
	}
	if err != nil {
		return fmt.Errorf("record %.80q: %w", r.name, err)
	}
	return nil
}

// stateDict returns the items among which the tensors are, as the package
// comment describes.
func stateDict(top any) ([]item, error) {
	d, ok := top.(*dict)
	if !ok {
		return nil, errors.New("the pickle is of another value, expected a dict of tensors")
	}
	items, name := d.items, ""
	for _, item := range d.items {
		inner, ok := item.value.(*dict)
		if !ok || !slices.ContainsFunc(inner.items, isFloats) {
			continue
		}
		if name != "" {
			return nil, fmt.Errorf("dicts of tensors under %.80q and %.80q, expected one", name, item.key)
		}
		items, name = inner.items, item.key
	}
	return items, nil
}

// isFloats tells whether an item is a tensor that can be read.
func isFloats(i item) bool {
	t, ok := i.value.(*tensor)
	return ok && t.readable()
}

// locate checks a tensor against its storage, and that against its record.
func (e *entry) locate(a *archive, folder string) error {
	name := folder + "/data/" + e.storage.key
	r, ok := a.find(name)
	if !ok {
		return fmt.Errorf("no record %.80q", name)
	}
	if int64(e.storage.n) > r.size/e.width() {
		return fmt.Errorf("record %.80q has %d bytes, expected %d elements of %d", name, r.size, e.storage.n, e.width())
	}
	var err error
	if e.n, err = floats.Count(e.shape); err != nil || e.n == 0 {
		return err
	}
	if _, err := e.span(); err != nil {
		return err
	}
	e.start = r.offset + int64(e.offset)*e.width()
	return nil
}

// Close closes what Open opened.
func (f *File) Close() error { return f.close() }

// Names returns the names of the tensors in the order of the dict.
func (f *File) Names() []string {
	names := make([]string, len(f.entries))
	for i, e := range f.entries {
		names[i] = e.name
	}
	return names
}

// Metadata returns nil: the format has none. (The attribute _metadata of a
// state dict holds version numbers of PyTorch's modules.)
func (f *File) Metadata() map[string]string { return nil }

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
func (f *File) DType(name string) (safetensors.DType, bool) {
	i, ok := f.index[name]
	if !ok {
		return "", false
	}
	return f.entries[i].dtype(), true
}

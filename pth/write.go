package pth

import (
	"archive/zip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/AlarioAI/bitnet/internal/floats"
	"github.com/AlarioAI/bitnet/safetensors"
)

// Write writes a whole file: an OrderedDict of float32 tensors in the order
// given, each with a storage of its own, which torch.load reads (since 1.6, and
// with weights_only=True). The same input makes the same bytes.
//
// It returns an error, before the first byte is written, if two tensors have
// the same name, a shape does not fit its data, a name is not valid UTF-8, or
// the data of one takes 4 GB. Errors of w come back as they are.
func Write(w io.Writer, tensors []safetensors.Tensor) error {
	pickle, err := pickleDict(tensors)
	if err != nil {
		return err
	}
	a := archiveWriter{zip: zip.NewWriter(w)}
	if err := a.addText("data.pkl", string(pickle)); err != nil {
		return err
	}
	if err := a.addText("byteorder", "little"); err != nil {
		return err
	}
	for i, t := range tensors {
		err := a.add("data/"+strconv.Itoa(i), 4*len(t.Data), func(w io.Writer) error { return floats.Write(w, t.Data) })
		if err != nil {
			return err
		}
	}
	if err := a.addText("version", "3\n"); err != nil {
		return err
	}
	return a.zip.Close()
}

func check(t safetensors.Tensor) error {
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
	if n >= 1<<30 {
		return fmt.Errorf("%d elements, expected fewer than 2^30", n)
	}
	return nil
}

// An archiveWriter writes stored records whose bytes begin at multiples of 64,
// so that torch.load(mmap=True) and others may map them.
type archiveWriter struct {
	zip *zip.Writer
	end int64 // of what was written
}

func (a *archiveWriter) addText(name, text string) error {
	return a.add(name, len(text), func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// add calls write twice: the header of a record has its checksum.
func (a *archiveWriter) add(name string, size int, write func(io.Writer) error) error {
	const alignment = 64
	sum := crc32.NewIEEE()
	if err := write(sum); err != nil {
		return err
	}
	h := &zip.FileHeader{
		Name:               "archive/" + name,
		ReaderVersion:      10, // stored records
		CRC32:              sum.Sum32(),
		CompressedSize64:   uint64(size),
		UncompressedSize64: uint64(size),
	}
	// The field FB of PyTorch, 4 bytes and more, moves the record to its place.
	start := a.end + localLen + int64(len(h.Name)) + 4
	padding := int(-start & (alignment - 1))
	h.Extra = append([]byte{'F', 'B', byte(padding), 0}, strings.Repeat("Z", padding)...)
	w, err := a.zip.CreateRaw(h)
	if err != nil {
		return err
	}
	a.end = start + int64(padding) + int64(size)
	return write(w)
}

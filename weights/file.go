package weights

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/AlarioAI/bitnet/pth"
	"github.com/AlarioAI/bitnet/safetensors"
)

// A File is an open file of named arrays.
type File interface {
	Names() []string
	Shape(name string) ([]int, bool)
	DType(name string) (safetensors.DType, bool)
	ReadInto(name string, dst []float32) error
	CheckFinite() error
	Metadata() map[string]string
	Close() error
}

// Open opens a file of either format, which its first bytes tell. An error
// begins with the file's name.
func Open(name string) (File, error) {
	zip, err := isZip(name)
	if err != nil {
		return nil, err
	}
	if zip {
		return pth.Open(name)
	}
	return safetensors.Open(name)
}

// isZip tells a zip archive, and the pickles that older versions of PyTorch
// wrote, which package pth refuses in its own words, from safetensors.
func isZip(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, reason(err))
	}
	defer f.Close()
	var magic [2]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, fmt.Errorf("%s: %w", name, reason(err))
	}
	return string(magic[:]) == "PK" || magic == [2]byte{0x80, 0x02}, nil
}

// reason strips the operation and the path from an error of the file system.
func reason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

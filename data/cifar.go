package data

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// A file of the binary version of CIFAR-10 or CIFAR-100
// (https://www.cs.toronto.edu/~kriz/cifar.html) is a sequence of records, one an
// image, without a header:
//
//	label    1 byte; in CIFAR-100 2: superclass (coarse) and class (fine)
//	pixels   3072 bytes: the planes R, G and B of 32 rows of 32
const (
	cifarSide   = 32
	cifarPlane  = cifarSide * cifarSide
	cifarPixels = 3 * cifarPlane
)

// ReadCIFAR10 reads a file of CIFAR-10's binary version, as it is or compressed
// by gzip, with any number of records.
//
// It returns an error, which begins with name, if the file is not made of whole
// records, has none or more than 2^31-1 bytes, or if a label is not in [0, 10).
func ReadCIFAR10(r io.Reader, name string) (*Images, error) {
	return readCIFAR(r, name, cifarLabel{"label", 10})
}

// ReadCIFAR100 reads a file of CIFAR-100's binary version as ReadCIFAR10 does.
// The labels are the fine ones, in [0, 100). A coarse one that is not in [0, 20)
// is an error too.
func ReadCIFAR100(r io.Reader, name string) (*Images, error) {
	return readCIFAR(r, name, cifarLabel{"coarse label", 20}, cifarLabel{"fine label", 100})
}

// A cifarLabel is a byte at the beginning of a record.
type cifarLabel struct {
	name    string
	classes int
}

// readCIFAR reads a file whose records begin with the given labels; the last of
// them is the image's.
func readCIFAR(file io.Reader, name string, labels ...cifarLabel) (*Images, error) {
	size := len(labels) + cifarPixels
	records, err := readRecords(file, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, reason(err))
	}
	n := len(records) / size
	m := &Images{N: n, H: cifarSide, W: cifarSide, C: 3, Pixels: make([]uint8, n*cifarPixels), Labels: make([]int32, n)}
	for i := range n {
		record := records[i*size:][:size]
		for k, label := range labels {
			if int(record[k]) >= label.classes {
				return nil, fmt.Errorf("%s: %s %d at index %d is out of range, expected 0 to %d", name, label.name, record[k], i, label.classes-1)
			}
			m.Labels[i] = int32(record[k])
		}
		interleave(m.Image(i), record[len(labels):])
	}
	return m, nil
}

// readRecords reads a whole file of records of the given size.
func readRecords(file io.Reader, size int) ([]byte, error) {
	r, err := decompress(file)
	if err != nil {
		return nil, err
	}
	records, err := io.ReadAll(io.LimitReader(r, maxElements+1))
	switch n := len(records); {
	case isEnd(err), errors.Is(err, gzip.ErrHeader):
		return nil, fmt.Errorf("the gzip data is cut off after %d bytes or followed by others", n)
	case err != nil:
		return nil, err
	case n > maxElements:
		return nil, fmt.Errorf("more than the %d bytes that a file may have", maxElements)
	case n == 0, n%size != 0:
		return nil, fmt.Errorf("%d bytes, expected a multiple of %d, the size of a record", n, size)
	}
	return records, nil
}

// interleave computes dst[p][c] = planes[c][p].
func interleave(dst, planes []uint8) {
	r, g, b := planes[:cifarPlane], planes[cifarPlane:][:cifarPlane], planes[2*cifarPlane:][:cifarPlane]
	for p := range r {
		pixel := dst[3*p:][:3]
		pixel[0], pixel[1], pixel[2] = r[p], g[p], b[p]
	}
}

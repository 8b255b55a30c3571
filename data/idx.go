package data

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// An IDX file (the format of http://yann.lecun.com/exdb/mnist) is a header of
// big-endian 32-bit numbers and a row-major array:
//
//	magic           0x00000800 + number of axes; 08 stands for unsigned bytes
//	length of each axis
//	the elements, outermost axis first
const (
	magicLabels = 0x00000801 // axes: N
	magicImages = 0x00000803 // axes: N, H, W
)

// maxElements bounds what one file may expand to, so that a few kilobytes of
// gzip cannot claim the whole memory.
const maxElements = math.MaxInt32

// ReadImages reads an IDX file of grey images (unsigned bytes, three axes), as
// it is or compressed by gzip. C is 1 and Labels is nil.
//
// It returns an error, which begins with name, if the file is not of that kind,
// has no pixels or more than 2^31-1, or is longer or shorter than its header
// says. Memory is allocated for what is read, not for what is declared.
func ReadImages(r io.Reader, name string) (*Images, error) {
	axes, pixels, err := readIDX(r, magicImages)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, reason(err))
	}
	return &Images{N: axes[0], H: axes[1], W: axes[2], C: 1, Pixels: pixels}, nil
}

// ReadLabels reads an IDX file of labels (unsigned bytes, one axis), as it is
// or compressed by gzip.
//
// It returns an error, which begins with name, in the cases of ReadImages and
// if a label is not in [0, classes).
func ReadLabels(r io.Reader, name string, classes int) ([]int32, error) {
	_, bytes, err := readIDX(r, magicLabels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, reason(err))
	}
	labels := make([]int32, len(bytes))
	for i, b := range bytes {
		if int(b) >= classes {
			return nil, fmt.Errorf("%s: label %d at index %d is out of range, expected 0 to %d", name, b, i, classes-1)
		}
		labels[i] = int32(b)
	}
	return labels, nil
}

// readIDX reads a whole file whose magic number must be the given one.
func readIDX(file io.Reader, magic uint32) (axes []int, elements []uint8, err error) {
	r, err := decompress(file)
	if err != nil {
		return nil, nil, err
	}
	if axes, err = readHeader(r, magic); err != nil {
		return nil, nil, err
	}
	n, err := product(axes)
	if err != nil {
		return nil, nil, err
	}
	elements, err = readElements(r, n)
	if isEnd(err) {
		return nil, nil, fmt.Errorf("truncated: %d bytes after the header, expected %s", len(elements), formatAxes(axes))
	}
	if err != nil {
		return nil, nil, err
	}
	if err := expectEnd(r, axes); err != nil {
		return nil, nil, err
	}
	return axes, elements, nil
}

// decompress tells gzip from IDX by the first two bytes, not by a file's name:
// browsers and archive tools decompress without renaming.
func decompress(file io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(file)
	start, err := buffered.Peek(2)
	if err != nil || start[0] != 0x1f || start[1] != 0x8b {
		return buffered, nil // an error comes back with the next read
	}
	r, err := gzip.NewReader(buffered)
	if isEnd(err) {
		return nil, errors.New("truncated: the file ends inside the gzip header")
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// readHeader returns the axis lengths.
func readHeader(r io.Reader, magic uint32) ([]int, error) {
	rank := int(magic & 0xff)
	header := make([]byte, 4+4*rank)
	n, err := io.ReadFull(r, header)
	if err != nil && !isEnd(err) {
		return nil, err
	}
	if n >= 4 { // the wrong kind of file is worth more words than a short one
		if got := binary.BigEndian.Uint32(header); got != magic {
			return nil, fmt.Errorf("magic number 0x%08x, expected 0x%08x (IDX, unsigned bytes, axes: %d)", got, magic, rank)
		}
	}
	if n < len(header) {
		return nil, fmt.Errorf("truncated: %d bytes, expected a header of %d", n, len(header))
	}
	axes := make([]int, rank)
	for i := range axes {
		length := binary.BigEndian.Uint32(header[4+4*i:])
		if length == 0 || length > maxElements {
			return nil, fmt.Errorf("axis %d has length %d, expected 1 to %d", i, length, maxElements)
		}
		axes[i] = int(length)
	}
	return axes, nil
}

// product returns the number of elements.
func product(axes []int) (int, error) {
	n := int64(1)
	for _, length := range axes {
		n *= int64(length) // both below 2^31
		if n > maxElements {
			return 0, fmt.Errorf("the header declares axes of %v, expected at most %d bytes in all", axes, maxElements)
		}
	}
	return int(n), nil
}

// readElements reads n bytes. When the file has fewer it returns those that
// came and an error; its buffer never grows beyond twice their number and a
// first 64 kB.
func readElements(r io.Reader, n int) ([]uint8, error) {
	buf := make([]uint8, 0, min(n, 1<<16))
	for {
		got, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		if err != nil || len(buf) == n {
			return buf, err
		}
		larger := make([]uint8, len(buf), len(buf)+min(len(buf), n-len(buf)))
		copy(larger, buf)
		buf = larger
	}
}

// expectEnd returns nil if nothing is left in r. Reaching the end also makes
// gzip compare its checksum.
func expectEnd(r io.Reader, axes []int) error {
	var one [1]byte
	got, err := io.ReadFull(r, one[:])
	switch {
	case got > 0:
		return fmt.Errorf("more than the %s bytes that the header declares", formatAxes(axes))
	case err == io.EOF:
		return nil
	case isEnd(err), errors.Is(err, gzip.ErrHeader):
		return errors.New("the gzip data is cut off in its checksum or followed by other bytes")
	default:
		return err
	}
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// formatAxes writes the number of elements as 60000x28x28 = 47040000, or as
// 60000 if there is one axis.
func formatAxes(axes []int) string {
	if len(axes) == 1 {
		return strconv.Itoa(axes[0])
	}
	var b strings.Builder
	n := 1
	for i, length := range axes {
		if i > 0 {
			b.WriteByte('x')
		}
		b.WriteString(strconv.Itoa(length))
		n *= length
	}
	return b.String() + " = " + strconv.Itoa(n)
}

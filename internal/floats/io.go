package floats

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"unsafe"
)

// BlockSize is how many bytes are converted at a time: few enough to stay in
// the first-level cache, many enough for a system call.
const BlockSize = 1 << 15

// Read computes dst[i] = element i from that offset of r, as float32. F16 and
// BF16 convert exactly, F64 to the nearest. It returns the errors of Fill; dst
// may then be partly overwritten. It panics if the type has no Width.
func Read(dst []float32, r io.ReaderAt, offset int64, t Type) error {
	if t == F32 && littleEndian() {
		return Fill(bytesOf(dst), r, offset)
	}
	return readBlocks(dst, r, offset, t)
}

// readBlocks is Read for all types and for machines of any byte order.
func readBlocks(dst []float32, r io.ReaderAt, offset int64, t Type) error {
	width := t.Width()
	block := make([]byte, min(BlockSize, width*len(dst)))
	for len(dst) > 0 {
		n := min(len(dst), len(block)/width)
		if err := Fill(block[:n*width], r, offset); err != nil {
			return err
		}
		decode(dst[:n], block, t)
		dst, offset = dst[n:], offset+int64(n*width)
	}
	return nil
}

// Fill fills buf from that offset of r. Its error says where r ends, or is
// that of r without a file's name, for the caller to name the file.
func Fill(buf []byte, r io.ReaderAt, offset int64) error {
	n, err := r.ReadAt(buf, offset)
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

// Write writes values as F32: in one piece without a copy, or in blocks on
// big-endian machines. Errors of w come back as they are.
func Write(w io.Writer, values []float32) error {
	if !littleEndian() {
		return writeBlocks(w, values)
	}
	_, err := w.Write(bytesOf(values))
	return err
}

// writeBlocks is Write for machines of any byte order.
func writeBlocks(w io.Writer, values []float32) error {
	block := make([]byte, min(BlockSize, 4*len(values)))
	for len(values) > 0 {
		n := min(len(values), len(block)/4)
		encode(block, values[:n])
		if _, err := w.Write(block[:4*n]); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// bytesOf returns the memory of values. On a little-endian machine that is
// their form in a file, so it is read and written as it is: converting element
// by element, as encode and decode do, takes as long again as handing the bytes
// to the operating system.
//
// It is sound because every bit pattern is a byte, bytes need no alignment, and
// the result keeps values alive.
func bytesOf(values []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
}

// littleEndian tells whether bytesOf is the form of a file.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

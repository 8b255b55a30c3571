package pth

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/AlarioAI/bitnet/internal/floats"
)

// The parts of a zip archive, as PKWARE's APPNOTE.TXT describes them: how many
// bytes they have, without names and the like, and how they begin.
const (
	localLen, localSig     = 30, 0x04034b50 // before each record
	headerLen, headerSig   = 46, 0x02014b50 // of each record, in the directory
	end64Len, end64Sig     = 56, 0x06064b50 // after the directory
	locatorLen, locatorSig = 20, 0x07064b50 // after that, says where it is
	endLen, endSig         = 22, 0x06054b50 // at the end of the file
)

const (
	isEncrypted = 1         // a flag of a header
	zip64ID     = 1         // of the extra field with numbers of 64 bits
	inZip64     = 1<<32 - 1 // stands for such a number where 32 bits do not suffice
)

// legacyMagic begins the files that torch.save wrote before PyTorch 1.6: a
// pickle of the number 0x1950a86a20f9469cfc6c.
const legacyMagic = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."

// A record is a file in an archive.
type record struct {
	name   string
	offset int64 // of its bytes in the file
	size   int64
}

// An archive is the directory of a zip file whose records are stored.
//
// It is read by hand because archive/zip makes some 300 bytes of memory of
// every 46 bytes that a hostile directory may have per record; this makes 40.
type archive struct {
	data    io.ReaderAt
	records []record // by name
}

// openArchive reads the directory of a file of that size. It refuses records
// that are compressed, share a name, or overlap.
func openArchive(data io.ReaderAt, size int64) (*archive, error) {
	dir, err := findDirectory(data, size)
	if err != nil {
		return nil, err
	}
	text, err := readText(data, dir.offset, dir.length)
	if err != nil {
		return nil, err
	}
	a := &archive{data: data, records: make([]record, 0, dir.count)}
	for len(text) > 0 {
		var r record
		if r, text, err = parseHeader(text); err != nil {
			return nil, fmt.Errorf("directory: record %d: %w", len(a.records), err)
		}
		a.records = append(a.records, r)
	}
	if int64(len(a.records)) != dir.count {
		return nil, fmt.Errorf("directory of %d records, expected %d as the end of the file says", len(a.records), dir.count)
	}
	if err := a.locate(dir.offset); err != nil {
		return nil, err
	}
	slices.SortFunc(a.records, func(x, y record) int { return strings.Compare(x.name, y.name) })
	for i := 1; i < len(a.records); i++ {
		if name := a.records[i].name; name == a.records[i-1].name {
			return nil, fmt.Errorf("two records %.80q", name)
		}
	}
	return a, nil
}

// A directory is the place of the headers of all records.
type directory struct{ offset, length, count int64 }

// findDirectory reads what follows the directory, at the end of the file.
func findDirectory(data io.ReaderAt, size int64) (directory, error) {
	tail := make([]byte, min(size, end64Len+locatorLen+endLen))
	if err := floats.Fill(tail, data, size-int64(len(tail))); err != nil {
		return directory{}, err
	}
	order, at := binary.LittleEndian, len(tail)-endLen
	if at < 0 || order.Uint32(tail[at:]) != endSig {
		return directory{}, notArchive(data, size)
	}
	end, end64 := tail[at:], tail[:at]
	after := uint64(size - endLen) // where the directory ends
	count, length, offset := uint64(order.Uint16(end[10:])), uint64(order.Uint32(end[12:])), uint64(order.Uint32(end[16:]))

	if len(end64) == end64Len+locatorLen && order.Uint32(end64[end64Len:]) == locatorSig {
		after -= uint64(len(end64))
		if order.Uint64(end64[end64Len+8:]) != after || order.Uint32(end64) != end64Sig {
			return directory{}, fmt.Errorf("directory: expected its 64-bit end at byte %d", after)
		}
		count, length, offset = order.Uint64(end64[32:]), order.Uint64(end64[40:]), order.Uint64(end64[48:])
	}
	if offset > after || length != after-offset {
		return directory{}, fmt.Errorf("directory: %d bytes at byte %d, expected it to end at byte %d", length, offset, after)
	}
	if count > length/headerLen {
		return directory{}, fmt.Errorf("directory: %d records in %d bytes", count, length)
	}
	return directory{int64(offset), int64(length), int64(count)}, nil
}

// notArchive says what a file is that does not end like an archive.
func notArchive(data io.ReaderAt, size int64) error {
	start := make([]byte, min(size, int64(len(legacyMagic))))
	if err := floats.Fill(start, data, 0); err != nil {
		return err
	}
	switch {
	case string(start) == legacyMagic:
		return errors.New("in the format of PyTorch before 1.6, expected a zip archive: torch.load it in Python and torch.save it again")
	case strings.HasPrefix(string(start), "PK\x03\x04"):
		return fmt.Errorf("truncated: a zip archive of %d bytes without the directory at its end", size)
	}
	return errors.New("not a zip archive, expected a file that torch.save wrote")
}

// parseHeader reads the first header of a directory and returns the rest. The
// offset of the record is that of its local header.
func parseHeader(text string) (record, string, error) {
	var h [headerLen]byte
	if copy(h[:], text) < len(h) {
		return record{}, "", errors.New("the directory ends too early")
	}
	order := binary.LittleEndian // not its functions as values: h would escape
	if order.Uint32(h[:]) != headerSig {
		return record{}, "", errors.New("expected the header of a record")
	}
	flags, method := order.Uint16(h[8:]), order.Uint16(h[10:])
	numbers := [3]uint64{uint64(order.Uint32(h[24:])), uint64(order.Uint32(h[20:])), uint64(order.Uint32(h[42:]))} // size, stored size, offset
	nameLen, extraLen, commentLen := int(order.Uint16(h[28:])), int(order.Uint16(h[30:])), int(order.Uint16(h[32:]))
	text = text[headerLen:]
	if nameLen+extraLen+commentLen > len(text) {
		return record{}, "", errors.New("the directory ends too early")
	}
	name, extra := text[:nameLen], text[nameLen:nameLen+extraLen]
	if slices.Contains(numbers[:], inZip64) && !parseZip64(extra, &numbers) {
		return record{}, "", fmt.Errorf("%.80q: expected its length and place in 64 bits", name)
	}
	size, stored, offset := numbers[0], numbers[1], numbers[2]
	switch {
	case method != 0:
		return record{}, "", fmt.Errorf("%.80q: compressed by method %d, expected 0 (stored)", name, method)
	case flags&isEncrypted != 0:
		return record{}, "", fmt.Errorf("%.80q: encrypted", name)
	case stored != size:
		return record{}, "", fmt.Errorf("%.80q: %d bytes stored as %d", name, size, stored)
	case int64(size) < 0 || int64(offset) < 0:
		return record{}, "", fmt.Errorf("%.80q: %d bytes at byte %d are beyond the file", name, size, offset)
	}
	return record{name, int64(offset), int64(size)}, text[nameLen+extraLen+commentLen:], nil
}

// parseZip64 takes from a header's extra fields those of the numbers that are
// there, in their order.
func parseZip64(extra string, numbers *[3]uint64) bool {
	for len(extra) >= 4 {
		id, n := int(extra[0])|int(extra[1])<<8, int(extra[2])|int(extra[3])<<8
		if n > len(extra)-4 {
			return false
		}
		field := extra[4 : 4+n]
		extra = extra[4+n:]
		if id != zip64ID {
			continue
		}
		for i, x := range numbers {
			if x != inZip64 {
				continue
			}
			var b [8]byte
			if copy(b[:], field) < len(b) {
				return false
			}
			numbers[i], field = binary.LittleEndian.Uint64(b[:]), field[len(b):]
		}
		return true
	}
	return false
}

// locate finds the bytes of the records, which the directory follows.
func (a *archive) locate(directory int64) error {
	slices.SortFunc(a.records, func(x, y record) int { return cmp.Compare(x.offset, y.offset) })
	local := make([]byte, localLen)
	for i := range a.records {
		r, next := &a.records[i], directory
		if i+1 < len(a.records) {
			next = min(next, a.records[i+1].offset)
		}
		if r.offset > next-localLen {
			return fmt.Errorf("record %.80q: byte %d is not where a record can begin", r.name, r.offset)
		}
		if err := floats.Fill(local, a.data, r.offset); err != nil {
			return fmt.Errorf("record %.80q: %w", r.name, err)
		}
		if binary.LittleEndian.Uint32(local) != localSig {
			return fmt.Errorf("record %.80q: byte %d: expected the header of a record", r.name, r.offset)
		}
		nameLen, extraLen := binary.LittleEndian.Uint16(local[26:]), binary.LittleEndian.Uint16(local[28:])
		r.offset += localLen + int64(nameLen) + int64(extraLen)
		if r.offset > next || r.size > next-r.offset {
			return fmt.Errorf("record %.80q: %d bytes at byte %d reach beyond byte %d, where the next part begins", r.name, r.size, r.offset, next)
		}
	}
	return nil
}

// find returns the record of that name.
func (a *archive) find(name string) (record, bool) {
	i, ok := slices.BinarySearchFunc(a.records, name, func(r record, name string) int { return strings.Compare(r.name, name) })
	if !ok {
		return record{}, false
	}
	return a.records[i], true
}

// readText returns n bytes from that offset, in one allocation of that length.
func readText(r io.ReaderAt, offset, n int64) (string, error) {
	if n > math.MaxInt {
		return "", fmt.Errorf("%d bytes are more than this machine can hold", n)
	}
	var text strings.Builder
	text.Grow(int(n))
	block := make([]byte, min(n, floats.BlockSize))
	for n > 0 {
		block = block[:min(n, int64(len(block)))]
		if err := floats.Fill(block, r, offset); err != nil {
			return "", err
		}
		text.Write(block)
		offset, n = offset+int64(len(block)), n-int64(len(block))
	}
	return text.String(), nil
}

package pth

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/safetensors"
)

// goodParts make an archive with one tensor w of two elements.
func goodParts() []part {
	return []part{
		{"data.pkl", proto + "}\x8c\x01w" + aTensor + "s."},
		{"byteorder", "little"},
		{"data/0", storageOf("FloatStorage", 2)},
	}
}

// patched is the archive of goodParts with bytes replaced: in the header of the
// record data/0 in the directory, in the one before its data, or at the end.
func patched(header, local, end map[int]string) []byte {
	file := archiveOf(goodParts()...)
	last := bytes.LastIndex(file, []byte("archive/data/0"))
	first := bytes.Index(file, []byte("archive/data/0"))
	for at, patches := range map[int]map[int]string{last - headerLen: header, first - localLen: local, len(file) - endLen: end} {
		for offset, text := range patches {
			copy(file[at+offset:], text)
		}
	}
	return file
}

const saturated = "\xff\xff\xff\xff" // the number is in the extra field

// extra is the archive of goodParts with the lengths of data/0 in an extra
// field of its header in the directory.
func extra(field string) []byte {
	file := archiveOf(goodParts()...)
	at := bytes.LastIndex(file, []byte("archive/data/0")) - headerLen
	copy(file[at+20:], saturated+saturated)
	start := at + headerLen + len("archive/data/0")
	n := int(binary.LittleEndian.Uint16(file[at+30:]))
	binary.LittleEndian.PutUint16(file[at+30:], uint16(len(field)))
	file = slices.Concat(file[:start], []byte(field), file[start+n:])
	length := file[len(file)-endLen+12:]
	binary.LittleEndian.PutUint32(length, binary.LittleEndian.Uint32(length)+uint32(len(field)-n))
	return file
}

func compressed() []byte {
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for _, p := range goodParts() {
		h := &zip.FileHeader{Name: "archive/" + p.name}
		if p.name == "data/0" {
			h.Method = zip.Deflate
			p.text = strings.Repeat("\x00", 32<<20)
		}
		r, err := w.CreateHeader(h)
		if err != nil {
			panic(err)
		}
		if _, err := io.WriteString(r, p.text); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return file.Bytes()
}

func bomb64(at string) []byte {
	end := make([]byte, end64Len+locatorLen+endLen)
	binary.LittleEndian.PutUint32(end, end64Sig)
	copy(end[32:], at)
	binary.LittleEndian.PutUint32(end[end64Len:], locatorSig)
	binary.LittleEndian.PutUint32(end[end64Len+locatorLen:], endSig)
	return end
}

const (
	zero64 = "\x00\x00\x00\x00\x00\x00\x00\x00"
	most64 = "\xff\xff\xff\xff\xff\xff\xff\xff"
)

// hostileArchives are files whose records are not what they say.
var hostileArchives = []struct {
	name string
	file []byte
	want string
}{
	{"empty", nil, "not a zip archive, expected a file that torch.save wrote"},
	{"text", []byte("<!DOCTYPE html><html>404</html>"), "not a zip archive, expected a file that torch.save wrote"},
	{"a comment", append(patched(nil, nil, map[int]string{20: "\x01\x00"}), 'x'), "truncated: a zip archive of 617 bytes without the directory at its end"},
	{"the magic of the old format only", []byte(legacyMagic), "in the format of PyTorch before 1.6, expected a zip archive: torch.load it in Python and torch.save it again"},
	{"no records", bomb64(""), "no record NAME/data.pkl, expected an archive that torch.save wrote"},
	{"no pickle", archiveOf(part{"constants.pkl", "."}), "no record NAME/data.pkl, expected an archive that torch.save wrote"},
	{"pickle in a folder", archiveOf(part{"code/data.pkl", "."}), "no record NAME/data.pkl, expected an archive that torch.save wrote"},
	{"same name", archiveOf(append(goodParts(), part{"data/0", ""})...), `two records "archive/data/0"`},
	{"two pickles", bytes.ReplaceAll(archiveOf(append(goodParts(), part{"data_pkl", "."})...), []byte("archive/data_pkl"), []byte("archiv2/data.pkl")), "two records NAME/data.pkl, expected one"},
	{"compressed", compressed(), `directory: record 2: "archive/data/0": compressed by method 8, expected 0 (stored)`},
	{"big-endian", archiveOf(goodParts()[0], part{"byteorder", "big"}), `record "archive/byteorder": "big", expected little`},
	{"long byte order", archiveOf(goodParts()[0], part{"byteorder", "little" + strings.Repeat(" ", 1000)}), `record "archive/byteorder": "little", expected little`},

	{"encrypted", patched(map[int]string{8: "\x01"}, nil, nil), `directory: record 2: "archive/data/0": encrypted`},
	{"two lengths", patched(map[int]string{20: "\x04"}, nil, nil), `directory: record 2: "archive/data/0": 8 bytes stored as 4`},
	{"longer than the file", patched(map[int]string{20: "\xff\xff\xff\x7f\xff\xff\xff\x7f"}, nil, nil), `record "archive/data/0": 2147483647 bytes at byte 320 reach beyond byte 328, where the next part begins`},
	{"longer by one byte", patched(map[int]string{20: "\x09\x00\x00\x00\x09\x00\x00\x00"}, nil, nil), `record "archive/data/0": 9 bytes at byte 320 reach beyond byte 328, where the next part begins`},
	{"over the record before", patched(map[int]string{42: "\x00\x00\x00\x00"}, nil, nil), `record "archive/data.pkl": byte 0 is not where a record can begin`},
	{"in the directory", patched(map[int]string{42: "\x80\x01\x00\x00"}, nil, nil), `record "archive/data/0": byte 384 is not where a record can begin`},
	{"beyond the file", patched(map[int]string{42: "\xff\xff\xff\x7f"}, nil, nil), `record "archive/data/0": byte 2147483647 is not where a record can begin`},
	{"no header in the directory", patched(map[int]string{0: "x"}, nil, nil), "directory: record 2: expected the header of a record"},
	{"long name in the directory", patched(map[int]string{28: "\xff\xff"}, nil, nil), "directory: record 2: the directory ends too early"},
	{"no header before the data", patched(nil, map[int]string{0: "x"}, nil), `record "archive/data/0": byte 262: expected the header of a record`},
	{"long name before the data", patched(nil, map[int]string{26: "\xff\xff"}, nil), `record "archive/data/0": 8 bytes at byte 65841 reach beyond byte 328, where the next part begins`},

	{"fewer records", patched(nil, nil, map[int]string{10: "\x02"}), "directory of 3 records, expected 2 as the end of the file says"},
	{"more records", patched(nil, nil, map[int]string{10: "\x04"}), "directory of 3 records, expected 4 as the end of the file says"},
	{"very many records", patched(nil, nil, map[int]string{10: "\xff\xff"}), "directory: 65535 records in 266 bytes"},
	{"directory beyond the file", patched(nil, nil, map[int]string{16: saturated}), "directory: 266 bytes at byte 4294967295, expected it to end at byte 594"},
	{"directory of other length", patched(nil, nil, map[int]string{12: "\x00\x00"}), "directory: 0 bytes at byte 328, expected it to end at byte 594"},
	{"directory cut", patched(nil, nil, map[int]string{12: "\x09\x01", 16: "\x49\x01"}), "directory: record 0: expected the header of a record"},

	{"no 64-bit length", patched(map[int]string{20: saturated + saturated}, nil, nil), `directory: record 2: "archive/data/0": expected its length and place in 64 bits`},
	{"half a 64-bit length", extra("\x01\x00\x08\x00" + zero64), `directory: record 2: "archive/data/0": expected its length and place in 64 bits`},
	{"cut 64-bit length", extra("\x01\x00\xff\xff"), `directory: record 2: "archive/data/0": expected its length and place in 64 bits`},
	{"length of 2^64-1", extra("\x01\x00\x10\x00" + most64 + most64), `directory: record 2: "archive/data/0": 18446744073709551615 bytes at byte 262 are beyond the file`},
	{"64-bit directory beyond the file", bomb64(zero64 + most64 + most64), "directory: 18446744073709551615 bytes at byte 18446744073709551615, expected it to end at byte 0"},
	{"2^64-1 records", bomb64(most64), "directory: 18446744073709551615 records in 0 bytes"},
	{"64-bit end elsewhere", append([]byte("x"), bomb64("")...), "directory: expected its 64-bit end at byte 1"},
	{"64-bit end missing", append(make([]byte, end64Len), bomb64("")[end64Len:]...), "directory: expected its 64-bit end at byte 0"},
}

func TestArchiveRefuses(t *testing.T) {
	for _, tt := range hostileArchives {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			refuses(t, tt.file, "file: "+tt.want)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%d bytes of memory for a file of %d", used, len(tt.file))
			}
		})
	}
}

func TestExtraField(t *testing.T) {
	const eight = "\x08\x00\x00\x00\x00\x00\x00\x00"
	f, err := decodeBytes(extra("FB\x01\x00Z\x01\x00\x10\x00" + eight + eight))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Float32("w"); err != nil || !slices.Equal(got, []float32{0, 1}) {
		t.Errorf("%v, %v, want 0 and 1", got, err)
	}
}

// TestOtherLengths cuts good files at every byte, and adds one.
func TestOtherLengths(t *testing.T) {
	for _, good := range goldenFiles(t) {
		for n := range good {
			if _, err := decodeBytes(good[:n]); err == nil {
				t.Errorf("%d of %d bytes accepted", n, len(good))
			}
		}
		if _, err := decodeBytes(append(good, 0)); err == nil {
			t.Error("one more byte accepted")
		}
	}
}

// A sparse reader is a huge file that is empty but for its ends.
type sparse struct {
	start, end []byte
	size       int64
}

func (s sparse) ReadAt(p []byte, offset int64) (int, error) {
	for i := range p {
		p[i] = 0
		if at := offset + int64(i); at < int64(len(s.start)) {
			p[i] = s.start[at]
		} else if at -= s.size - int64(len(s.end)); at >= 0 {
			p[i] = s.end[at]
		}
	}
	return len(p), nil
}

// TestHugeFile reads a tensor that is beyond the first 4 GB.
func TestHugeFile(t *testing.T) {
	const gap = 5 << 30 // the bytes of a record "gap" before the others
	pickle, storage := goodParts()[0].text, goodParts()[2].text
	var file, dir []byte
	add := func(name string, offset uint64, size uint64, text string) {
		local, header, numbers := make([]byte, localLen), make([]byte, headerLen), make([]byte, 4+24)
		binary.LittleEndian.PutUint32(local, localSig)
		binary.LittleEndian.PutUint16(local[26:], uint16(len(name)))
		file = append(append(append(file, local...), name...), text...)

		binary.LittleEndian.PutUint32(header, headerSig)
		copy(header[20:], saturated+saturated)
		binary.LittleEndian.PutUint16(header[28:], uint16(len(name)))
		binary.LittleEndian.PutUint16(header[30:], uint16(len(numbers)))
		copy(header[42:], saturated)
		numbers[0], numbers[2] = zip64ID, 24
		binary.LittleEndian.PutUint64(numbers[4:], size)
		binary.LittleEndian.PutUint64(numbers[12:], size)
		binary.LittleEndian.PutUint64(numbers[20:], offset)
		dir = slices.Concat(dir, header, []byte(name), numbers)
	}
	add("a/gap", 0, gap, "")
	start := file
	file = nil
	base := uint64(len(start)) + gap
	add("a/data.pkl", base, uint64(len(pickle)), pickle)
	add("a/data/0", base+uint64(len(file)), 8, storage)

	end := bomb64("")
	end64 := base + uint64(len(file)+len(dir))
	binary.LittleEndian.PutUint64(end[32:], 3)
	binary.LittleEndian.PutUint64(end[40:], uint64(len(dir)))
	binary.LittleEndian.PutUint64(end[48:], base+uint64(len(file)))
	binary.LittleEndian.PutUint64(end[end64Len+8:], end64)
	s := sparse{start, slices.Concat(file, dir, end), int64(end64) + int64(len(end))}
	f, err := Decode(s, s.size, "file")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Float32("w"); err != nil || !slices.Equal(got, []float32{0, 1}) {
		t.Errorf("%v, %v, want 0 and 1", got, err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReadRefuses(t *testing.T) {
	f := open(t, "testdata/state_dict_2.8.pth")
	for want, err := range map[string]error{
		`testdata/state_dict_2.8.pth: no tensor "fc", expected it among the 17 of the file`:        f.ReadInto("fc", nil),
		`testdata/state_dict_2.8.pth: tensor "transposed": shape [3 2] has 6 elements, expected 5`: f.ReadInto("transposed", make([]float32, 5)),
	} {
		if errorText(err) != want {
			t.Errorf("error %v\nwant  %s", err, want)
		}
	}
	if shape, ok := f.Shape("fc"); ok {
		t.Errorf("shape %v of a tensor that is not there", shape)
	}
	if dtype, ok := f.DType("fc"); ok {
		t.Errorf("type %v of a tensor that is not there", dtype)
	}
}

func TestCheckFinite(t *testing.T) {
	for _, bad := range []float64{0, math.NaN(), math.Inf(-1)} {
		values := []float32{1, 2, float32(bad)}
		want := ""
		if bad != 0 {
			want = fmt.Sprintf(`file: tensor "b": element 2 is %v, expected finite numbers`, bad)
		}
		f, err := decodeBytes(written(t, []safetensors.Tensor{{Name: "a", Shape: []int{2}, Data: values[:2]}, {Name: "b", Shape: []int{3}, Data: values}}))
		if err != nil {
			t.Fatal(err)
		}
		if got := errorText(f.CheckFinite()); got != want {
			t.Errorf("error %s\nwant  %s", got, want)
		}
	}
}

// TestFileShrinks reads a file that was cut after it was opened.
func TestFileShrinks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "w.pth")
	if err := os.WriteFile(name, archiveOf(goodParts()...), 0o666); err != nil {
		t.Fatal(err)
	}
	f := open(t, name)
	if err := os.Truncate(name, 324); err != nil {
		t.Fatal(err)
	}
	want := name + `: tensor "w": truncated at byte 324, expected 328`
	if _, err := f.Float32("w"); errorText(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := f.CheckFinite(); errorText(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// A failing reader breaks down after some bytes, as a bad disk does.
type failing struct {
	*bytes.Reader
	left *int
}

func (f failing) ReadAt(p []byte, offset int64) (int, error) {
	if *f.left -= len(p); *f.left < 0 {
		return 0, &fs.PathError{Op: "read", Path: "w", Err: io.ErrClosedPipe}
	}
	return f.Reader.ReadAt(p, offset)
}

func TestDecodeFails(t *testing.T) {
	file := archiveOf(goodParts()...)
	for n := 0; ; n++ {
		left := n
		f, err := Decode(failing{bytes.NewReader(file), &left}, int64(len(file)), "w")
		if err == nil {
			_, err = f.Float32("w")
		}
		if err == nil {
			break // n bytes are all that is needed
		}
		if s := err.Error(); !strings.HasPrefix(s, "w: ") || !strings.HasSuffix(s, io.ErrClosedPipe.Error()) || strings.Count(s, "w: ") > 1 {
			t.Errorf("after %d bytes: error %s", n, s)
		}
	}
	if _, err := Decode(bytes.NewReader(file[:100]), int64(len(file)), "w"); errorText(err) != "w: truncated at byte 518, expected 616" {
		t.Errorf("wrong size: error %v", err)
	}
}

func TestOpenFails(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := Open(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: error %v", err)
	}
}

// manyRecords is a file of that size that is a directory of headers only, all
// of records of that name at byte 0.
func manyRecords(size int, name string) []byte {
	header := make([]byte, headerLen)
	binary.LittleEndian.PutUint32(header, headerSig)
	binary.LittleEndian.PutUint16(header[28:], uint16(len(name)))
	header = append(header, name...)
	count := size / len(header)
	dir := bytes.Repeat(header, count)

	end := bomb64("")
	binary.LittleEndian.PutUint64(end[32:], uint64(count))
	binary.LittleEndian.PutUint64(end[40:], uint64(len(dir)))
	binary.LittleEndian.PutUint64(end[end64Len+8:], uint64(len(dir)))
	return append(dir, end...)
}

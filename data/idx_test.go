package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// encodeIDX writes an IDX file by hand, honest or not.
func encodeIDX(magic uint32, axes []uint32, elements []byte) []byte {
	file := binary.BigEndian.AppendUint32(nil, magic)
	for _, length := range axes {
		file = binary.BigEndian.AppendUint32(file, length)
	}
	return append(file, elements...)
}

func compressed(plain []byte) []byte {
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	w.Write(plain)
	w.Close()
	return file.Bytes()
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestReadImages(t *testing.T) {
	plain := encodeIDX(0x803, []uint32{2, 1, 3}, []byte{1, 2, 3, 4, 5, 6})
	half := len(plain) / 2
	want := &Images{N: 2, H: 1, W: 3, C: 1, Pixels: []uint8{1, 2, 3, 4, 5, 6}}
	for name, r := range map[string]io.Reader{
		"plain":              bytes.NewReader(plain),
		"byte by byte":       iotest.OneByteReader(bytes.NewReader(plain)),
		"gzip":               bytes.NewReader(compressed(plain)),
		"gzip, byte by byte": iotest.OneByteReader(bytes.NewReader(compressed(plain))),
		"gzip, two members":  bytes.NewReader(join(compressed(plain[:half]), compressed(plain[half:]))),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadImages(r, "file")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, raw()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReadImagesLarge reads more than the first 64 kB, so that the buffer
// grows, to a size that is not a power of two.
func TestReadImagesLarge(t *testing.T) {
	pixels := make([]byte, 3*1000*1001)
	for i := range pixels {
		pixels[i] = byte(i * i >> 3)
	}
	got, err := ReadImages(bytes.NewReader(encodeIDX(0x803, []uint32{3, 1000, 1001}, pixels)), "file")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pixels, pixels) {
		t.Error("pixels differ from the file")
	}
	if cap(got.Pixels) != len(pixels) {
		t.Errorf("buffer of %d bytes for %d pixels", cap(got.Pixels), len(pixels))
	}
}

func TestReadLabels(t *testing.T) {
	got, err := ReadLabels(bytes.NewReader(encodeIDX(0x801, []uint32{4}, []byte{3, 0, 9, 9})), "file", 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{3, 0, 9, 9}, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadImagesRefuses(t *testing.T) {
	good := encodeIDX(0x803, []uint32{2, 2, 2}, make([]byte, 8))
	zipped := compressed(good)
	badSum := bytes.Clone(zipped)
	badSum[len(badSum)-8] ^= 1

	const notEnded = "the gzip data is cut off in its checksum or followed by other bytes"
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "truncated: 0 bytes, expected a header of 16"},
		{"one byte", []byte{0}, "truncated: 1 bytes, expected a header of 16"},
		{"header cut", good[:15], "truncated: 15 bytes, expected a header of 16"},
		{"no pixels", good[:16], "truncated: 0 bytes after the header, expected 2x2x2 = 8"},
		{"pixels cut", good[:23], "truncated: 7 bytes after the header, expected 2x2x2 = 8"},
		{"trailing byte", join(good, []byte{0}), "more than the 2x2x2 = 8 bytes that the header declares"},
		{"text", []byte("<!DOCTYPE html>"), "magic number 0x3c21444f, expected 0x00000803 (IDX, unsigned bytes, axes: 3)"},
		{"labels", encodeIDX(0x801, []uint32{2}, []byte{1, 2}), "magic number 0x00000801, expected 0x00000803 (IDX, unsigned bytes, axes: 3)"},
		{"floats", encodeIDX(0xd03, []uint32{2, 2, 2}, make([]byte, 32)), "magic number 0x00000d03, expected 0x00000803 (IDX, unsigned bytes, axes: 3)"},
		{"no images", encodeIDX(0x803, []uint32{0, 28, 28}, nil), "axis 0 has length 0, expected 1 to 2147483647"},
		{"no rows", encodeIDX(0x803, []uint32{5, 0, 28}, nil), "axis 1 has length 0, expected 1 to 2147483647"},
		{"no columns", encodeIDX(0x803, []uint32{5, 28, 0}, nil), "axis 2 has length 0, expected 1 to 2147483647"},
		{"huge axis", encodeIDX(0x803, []uint32{1 << 31, 1, 1}, nil), "axis 0 has length 2147483648, expected 1 to 2147483647"},
		{"huge product", encodeIDX(0x803, []uint32{1 << 16, 1 << 15, 1}, nil), "the header declares axes of [65536 32768 1], expected at most 2147483647 bytes in all"},
		{"overflowing product", encodeIDX(0x803, []uint32{1 << 30, 1 << 30, 1 << 30}, nil), "the header declares axes of [1073741824 1073741824 1073741824], expected at most 2147483647 bytes in all"},
		{"gzip header cut", zipped[:5], "truncated: the file ends inside the gzip header"},
		{"gzip header bad", []byte{0x1f, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0}, "gzip: invalid header"},
		{"gzip data cut", zipped[:10], "truncated: 0 bytes, expected a header of 16"},
		{"gzip checksum cut", zipped[:len(zipped)-1], notEnded},
		{"gzip checksum bad", badSum, "gzip: invalid checksum"},
		{"gzip and a byte", join(zipped, []byte{0}), notEnded},
		{"gzip and text", join(zipped, []byte("some more text")), notEnded},
		{"gzip of too little", compressed(good[:20]), "truncated: 4 bytes after the header, expected 2x2x2 = 8"},
		{"gzip of too much", compressed(join(good, good)), "more than the 2x2x2 = 8 bytes that the header declares"},
		{"gzip of gzip", compressed(zipped), "magic number 0x1f8b0800, expected 0x00000803 (IDX, unsigned bytes, axes: 3)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			images, err := ReadImages(bytes.NewReader(tt.file), "some/file")
			if images != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", images, err)
			}
			if want := "some/file: " + tt.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestReadLabelsRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"first label too many", encodeIDX(0x801, []uint32{3}, []byte{0, 9, 10}), "f: label 10 at index 2 is out of range, expected 0 to 9"},
		{"greatest byte", encodeIDX(0x801, []uint32{1}, []byte{255}), "f: label 255 at index 0 is out of range, expected 0 to 9"},
		{"cut", encodeIDX(0x801, []uint32{4}, []byte{1}), "f: truncated: 1 bytes after the header, expected 4"},
		{"images", encodeIDX(0x803, []uint32{1, 1, 1}, []byte{1}), "f: magic number 0x00000803, expected 0x00000801 (IDX, unsigned bytes, axes: 1)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			labels, err := ReadLabels(bytes.NewReader(tt.file), "f", 10)
			if labels != nil || err == nil || err.Error() != tt.want {
				t.Errorf("got  %v, %v\nwant %s", labels, err, tt.want)
			}
		})
	}
}

func TestReadPassesErrorsOn(t *testing.T) {
	broken := errors.New("disk on fire")
	good := encodeIDX(0x803, []uint32{2, 2, 2}, make([]byte, 8))
	for _, n := range []int{0, 1, 10, 16, 20, 24} {
		r := io.MultiReader(bytes.NewReader(good[:n]), iotest.ErrReader(broken))
		if _, err := ReadImages(r, "f"); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: got %v", n, err)
		}
	}
}

// TestReadImagesAllocatesWhatItReads declares 2 GB and has none of them.
func TestReadImagesAllocatesWhatItReads(t *testing.T) {
	file := encodeIDX(0x803, []uint32{1<<31 - 1, 1, 1}, make([]byte, 100))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ReadImages(bytes.NewReader(file), "f")
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "truncated") {
		t.Fatalf("got %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes allocated for a file of %d", used, len(file))
	}
}

// checkError fails unless err is one line that begins with the file's name.
func checkError(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); !strings.HasPrefix(text, "file: ") || strings.Contains(text, "\n") {
		t.Errorf("error %q, want one line that begins with the file's name", text)
	}
}

func FuzzReadImages(f *testing.F) {
	good := encodeIDX(0x803, []uint32{2, 3, 1}, []byte{1, 2, 3, 4, 5, 6})
	f.Add(good)
	f.Add(compressed(good))
	f.Add(good[:10])
	f.Add(compressed(good)[:20])
	f.Add(join(good, []byte{0}))
	f.Add(join(compressed(good), []byte{0}))
	f.Add(encodeIDX(0x803, []uint32{1 << 30, 1 << 30, 1 << 30}, nil))
	f.Add(encodeIDX(0x803, []uint32{1<<31 - 1, 1, 1}, nil))
	f.Add(encodeIDX(0x801, []uint32{1}, []byte{1}))
	f.Fuzz(func(t *testing.T, file []byte) {
		images, err := ReadImages(bytes.NewReader(file), "file")
		if err != nil {
			checkError(t, err)
			return
		}
		plain := encodeIDX(0x803, []uint32{uint32(images.N), uint32(images.H), uint32(images.W)}, images.Pixels)
		if images.C != 1 || len(images.Pixels) != images.N*images.Size() || images.N*images.Size() == 0 {
			t.Fatalf("%d pixels for %dx%dx%dx%d", len(images.Pixels), images.N, images.H, images.W, images.C)
		}
		if file[0] == 0 && !bytes.Equal(plain, file) {
			t.Fatal("images do not hold the whole file")
		}
	})
}

func FuzzReadLabels(f *testing.F) {
	good := encodeIDX(0x801, []uint32{3}, []byte{0, 9, 4})
	f.Add(good, uint8(10))
	f.Add(good, uint8(9))
	f.Add(compressed(good), uint8(10))
	f.Add(good[:9], uint8(10))
	f.Add(encodeIDX(0x801, []uint32{1<<32 - 1}, nil), uint8(10))
	f.Add(encodeIDX(0x803, []uint32{1, 1, 1}, []byte{1}), uint8(10))
	f.Fuzz(func(t *testing.T, file []byte, classes uint8) {
		labels, err := ReadLabels(bytes.NewReader(file), "file", int(classes))
		if err != nil {
			checkError(t, err)
			return
		}
		for i, label := range labels {
			if label < 0 || label >= int32(classes) {
				t.Fatalf("label %d at %d of %d classes", label, i, classes)
			}
		}
		if len(labels) == 0 {
			t.Fatal("no labels")
		}
	})
}

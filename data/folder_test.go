package data

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// digits returns a folder of 3 training and 2 test images of 2x2.
func digits() fstest.MapFS {
	return fstest.MapFS{
		"train-images-idx3-ubyte": {Data: encodeIDX(0x803, []uint32{3, 2, 2}, []byte{0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255})},
		"train-labels-idx1-ubyte": {Data: encodeIDX(0x801, []uint32{3}, []byte{7, 0, 9})},
		"t10k-images-idx3-ubyte":  {Data: encodeIDX(0x803, []uint32{2, 2, 2}, []byte{1, 2, 3, 4, 5, 6, 7, 8})},
		"t10k-labels-idx1-ubyte":  {Data: encodeIDX(0x801, []uint32{2}, []byte{1, 2})},
	}
}

var wantDigits = Set{
	Name:    "digits",
	Classes: 10,
	Train:   &Images{N: 3, H: 2, W: 2, C: 1, Pixels: []uint8{0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255}, Labels: []int32{7, 0, 9}},
	Test:    &Images{N: 2, H: 2, W: 2, C: 1, Pixels: []uint8{1, 2, 3, 4, 5, 6, 7, 8}, Labels: []int32{1, 2}},
	Mean:    []float32{0.5},
	Std:     []float32{0.5},
}

func zip(folder fstest.MapFS, files ...string) {
	for _, file := range files {
		folder[file+".gz"] = &fstest.MapFile{Data: compressed(folder[file].Data)}
		delete(folder, file)
	}
}

func TestOpen(t *testing.T) {
	plain, mixed := digits(), digits()
	zip(mixed, "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
	both := digits() // the plain file counts
	both["train-images-idx3-ubyte.gz"] = &fstest.MapFile{Data: []byte("bad")}
	for name, folder := range map[string]fs.FS{"plain": plain, "some gzip": mixed, "both": both} {
		t.Run(name, func(t *testing.T) {
			set, err := Open(folder, "digits", 10)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&wantDigits, set, raw()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		data       []byte // nil: the file is missing
		want       string
	}{
		{"no training images", "train-images-idx3-ubyte", nil,
			"train-images-idx3-ubyte: no such file, expected it plain or with .gz"},
		{"no test labels", "t10k-labels-idx1-ubyte", nil,
			"t10k-labels-idx1-ubyte: no such file, expected it plain or with .gz"},
		{"bad training label", "train-labels-idx1-ubyte", encodeIDX(0x801, []uint32{3}, []byte{1, 10, 1}),
			"train-labels-idx1-ubyte: label 10 at index 1 is out of range, expected 0 to 9"},
		{"bad test label", "t10k-labels-idx1-ubyte", encodeIDX(0x801, []uint32{2}, []byte{1, 200}),
			"t10k-labels-idx1-ubyte: label 200 at index 1 is out of range, expected 0 to 9"},
		{"a label too few", "train-labels-idx1-ubyte", encodeIDX(0x801, []uint32{2}, []byte{1, 1}),
			"train-labels-idx1-ubyte: 2 labels, expected 3 as there are images in train-images-idx3-ubyte"},
		{"a label too many", "t10k-labels-idx1-ubyte", encodeIDX(0x801, []uint32{3}, []byte{1, 1, 1}),
			"t10k-labels-idx1-ubyte: 3 labels, expected 2 as there are images in t10k-images-idx3-ubyte"},
		{"other size", "t10k-images-idx3-ubyte", encodeIDX(0x803, []uint32{2, 1, 2}, []byte{1, 2, 3, 4}),
			"t10k-images-idx3-ubyte: images of 1x2, expected 2x2 as in training"},
		{"labels for images", "train-images-idx3-ubyte", encodeIDX(0x801, []uint32{3}, []byte{1, 1, 1}),
			"train-images-idx3-ubyte: magic number 0x00000801, expected 0x00000803 (IDX, unsigned bytes, axes: 3)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := digits()
			delete(folder, tt.file)
			if tt.data != nil {
				folder[tt.file] = &fstest.MapFile{Data: tt.data}
			}
			set, err := Open(folder, "digits", 10)
			if set != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", set, err)
			}
			if want := filepath.Join("digits", tt.want); err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestOpenFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "digits")
	if err := os.CopyFS(dir, digits()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, dir + string(filepath.Separator), filepath.Join(dir, "..", "digits")} {
		set, err := OpenFolder(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&wantDigits, set, raw()); diff != "" {
			t.Error(diff)
		}
	}

	t.Chdir(dir)
	if set, err := OpenFolder("."); err != nil || set.Name != "digits" {
		t.Errorf("OpenFolder(.): got %v, %v, want the set digits", set, err)
	}
}

func TestOpenFolderRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	// A folder in the place of a file cannot be read as one.
	if err := os.MkdirAll(filepath.Join(dir, "odd", "train-images-idx3-ubyte"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, names string }{
		{filepath.Join(dir, "missing"), filepath.Join(dir, "missing")},
		{file, file},
		{dir, dir}, // no data set
		{filepath.Join(dir, "odd"), filepath.Join(dir, "odd", "train-images-idx3-ubyte")},
	} {
		set, err := OpenFolder(tt.path)
		if set != nil || err == nil {
			t.Errorf("%s: got %v, %v, want an error", tt.path, set, err)
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, tt.names+": ") || strings.Count(text, tt.names) != 1 || strings.Contains(text, "\n") {
			t.Errorf("got %q, want one line that names %s, once", text, tt.names)
		}
	}
}

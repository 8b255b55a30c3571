package pth

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/safetensors"
)

// checkDecode checks that a file is refused in one line, or that what it gives
// is no more than it has, and can be written and read again.
func checkDecode(t *testing.T, data []byte) {
	file, err := decodeBytes(data)
	if err != nil {
		if s := err.Error(); strings.Contains(s, "\n") || !strings.HasPrefix(s, "file: ") {
			t.Errorf("error %q", s)
		}
		return
	}
	var tensors []safetensors.Tensor
	for _, name := range file.Names() {
		shape, _ := file.Shape(name)
		dtype, _ := file.DType(name)
		if !slices.Contains([]safetensors.DType{"F16", "BF16", "F32", "F64"}, dtype) {
			continue
		}
		values, err := file.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		if 2*len(values) > len(data) {
			t.Fatalf("tensor %q has %d elements in a file of %d bytes", name, len(values), len(data))
		}
		tensors = append(tensors, safetensors.Tensor{Name: name, Shape: shape, Data: values})
	}
	if total := len(tensors) * len(data); total < 1<<20 { // one storage may be under many names
		if err := file.CheckFinite(); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q", err)
		}
	}
	again, err := decodeBytes(written(t, tensors))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tensors {
		values, err := again.Float32(x.Name)
		if err != nil || !slices.Equal(bitsOf(values), bitsOf(x.Data)) {
			t.Errorf("tensor %q differs (%v)", x.Name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range goldenFiles(f) {
		f.Add(file)
	}
	for _, h := range hostileArchives {
		f.Add(h.file)
	}
	f.Fuzz(checkDecode)
}

// FuzzPickle changes the pickle of a file only, which is hard to reach for
// changes of the whole.
func FuzzPickle(f *testing.F) {
	for _, file := range goldenFiles(f) {
		if a, err := openArchive(bytes.NewReader(file), int64(len(file))); err == nil {
			r, err := findPickle(a.records)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(file[r.offset : r.offset+r.size]))
		}
	}
	for _, h := range slices.Concat(hostilePickles, hostileDicts) {
		f.Add(h.pickle)
	}
	var storages []part
	for _, key := range "0123456789" {
		storages = append(storages, part{"data/" + string(key), storageOf("FloatStorage", 100)})
	}
	f.Fuzz(func(t *testing.T, pickle string) {
		checkDecode(t, archiveOf(append([]part{{"data.pkl", pickle}}, storages...)...))
	})
}

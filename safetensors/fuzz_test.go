package safetensors

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// FuzzDecode checks that a file is refused in one line or read to its last
// byte, and that what was read can be written and read again.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{goldenFloat32, goldenTypes} {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	for _, h := range hostile {
		f.Add(h.file)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := decodeBytes(data)
		if err != nil {
			if s := err.Error(); strings.Contains(s, "\n") || !strings.HasPrefix(s, "file: ") {
				t.Errorf("error %q", s)
			}
			return
		}
		var tensors []Tensor
		end := file.start
		for _, e := range file.entries {
			end += e.end - e.begin
			if !e.dtype.Float() {
				continue
			}
			values, err := file.Float32(e.name)
			if err != nil {
				t.Fatal(err)
			}
			tensors = append(tensors, Tensor{Name: e.name, Shape: e.shape, Data: values})
		}
		if end != int64(len(data)) {
			t.Errorf("tensors end at byte %d of %d", end, len(data))
		}
		var again bytes.Buffer
		if err := Write(&again, tensors, file.Metadata()); err != nil {
			t.Fatal(err)
		}
		copied, err := decodeBytes(again.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tensors {
			values, err := copied.Float32(x.Name)
			if err != nil || !slices.Equal(bitsOf(values), bitsOf(x.Data)) {
				t.Errorf("tensor %q differs (%v)", x.Name, err)
			}
		}
	})
}

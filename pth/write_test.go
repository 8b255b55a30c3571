package pth

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/AlarioAI/bitnet/internal/floats"
	"github.com/AlarioAI/bitnet/safetensors"
)

func written(t interface{ Fatal(...any) }, tensors []safetensors.Tensor) []byte {
	var file bytes.Buffer
	if err := Write(&file, tensors); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func anyTensor(t *rapid.T) safetensors.Tensor {
	shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")
	n, err := floats.Count(shape)
	if err != nil {
		t.Fatal(err)
	}
	return safetensors.Tensor{
		Name:  rapid.String().Draw(t, "name"),
		Shape: shape,
		Data:  rapid.SliceOfN(rapid.Float32(), n, n).Draw(t, "data"),
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tensors := rapid.SliceOfNDistinct(rapid.Custom(anyTensor), 0, 6, func(x safetensors.Tensor) string { return x.Name }).Draw(t, "tensors")
		file := written(t, tensors)
		if !bytes.Equal(file, written(t, tensors)) {
			t.Fatal("the second write differs")
		}
		f, err := decodeBytes(file)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for i, x := range tensors {
			names = append(names, x.Name)
			if shape, ok := f.Shape(x.Name); !ok || !slices.Equal(x.Shape, shape) {
				t.Errorf("%q: shape %v, %v, want %v", x.Name, shape, ok, x.Shape)
			}
			if dtype, ok := f.DType(x.Name); !ok || dtype != safetensors.F32 {
				t.Errorf("%q: type %q, %v", x.Name, dtype, ok)
			}
			got := make([]float32, len(x.Data))
			if err := f.ReadInto(x.Name, got); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(bitsOf(x.Data), bitsOf(got)); diff != "" {
				t.Errorf("%q: %s", x.Name, diff)
			}
			if start := f.entries[i].start; start%64 != 0 {
				t.Errorf("%q: data begins at byte %d, want a multiple of 64", x.Name, start)
			}
		}
		if !slices.Equal(names, f.Names()) {
			t.Errorf("names %q, want %q", f.Names(), names)
		}
	})
}

var update = flag.Bool("update", false, "rewrite testdata/written.pth, for testdata/check.py to have PyTorch read it")

func TestWriteGolden(t *testing.T) {
	const name = "testdata/written.pth"
	got := written(t, []safetensors.Tensor{
		{Name: "fc.weight", Shape: []int{2, 3}, Data: count(0, 0.25, 6)},
		{Name: "fc.bias", Shape: []int{2}, Data: []float32{float32(math.Copysign(0, -1)), math.MaxFloat32}},
		{Name: "scalar", Data: []float32{7}},
		{Name: "empty", Shape: []int{0, 3}},
		{Name: "a \"name\" é世\n", Shape: []int{300, 1}, Data: count(0, 1, 300)},
	})
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("the bytes are not those of %s (go test ./pth -update accepts them, if testdata/check.py does)", name)
	}
}

// TestManyScalars writes and reads more than one batch of everything.
func TestManyScalars(t *testing.T) {
	tensors := make([]safetensors.Tensor, 10_000)
	for i := range tensors {
		tensors[i] = safetensors.Tensor{Name: fmt.Sprint("layer.", i, ".scale"), Data: []float32{float32(i)}}
	}
	f, err := decodeBytes(written(t, tensors))
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range tensors {
		if got, err := f.Float32(x.Name); err != nil || got[0] != float32(i) {
			t.Fatalf("%s: %v, %v", x.Name, got, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	for _, tt := range []struct {
		name    string
		tensors []safetensors.Tensor
		want    string
	}{
		{"too little data", []safetensors.Tensor{{Name: "w", Shape: []int{2, 3}, Data: one}}, `tensor "w": shape [2 3] has 6 elements, expected 1 as the data`},
		{"negative axis", []safetensors.Tensor{{Name: "w", Shape: []int{-1, -1}, Data: one}}, `tensor "w": shape [-1 -1] has a negative axis`},
		{"same name", []safetensors.Tensor{{Name: "w", Data: one}, {Name: "v", Data: one}, {Name: "w", Data: one}}, `tensor "w": expected names that differ`},
		{"name not UTF-8", []safetensors.Tensor{{Name: "\xff", Data: one}}, `tensor "\xff": expected a name in valid UTF-8`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var file bytes.Buffer
			err := Write(&file, tt.tensors)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
			if file.Len() > 0 {
				t.Errorf("%d bytes written", file.Len())
			}
		})
	}
}

// A limited writer fails when it is full, as a disk does.
type limited struct{ left int }

var errFull = errors.New("no space left")

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return l.left, errFull
	}
	l.left -= len(p)
	return len(p), nil
}

func TestWriteFails(t *testing.T) {
	tensors := []safetensors.Tensor{{Name: "w", Shape: []int{2000}, Data: make([]float32, 2000)}}
	for n := range len(written(t, tensors)) {
		if err := Write(&limited{n}, tensors); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: error %v", n, err)
		}
	}
}

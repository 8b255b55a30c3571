package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/AlarioAI/bitnet/internal/floats"
)

func anyTensor(t *rapid.T) Tensor {
	shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")
	n, err := floats.Count(shape)
	if err != nil {
		t.Fatal(err)
	}
	return Tensor{
		Name:  rapid.String().Filter(func(s string) bool { return s != metadataKey }).Draw(t, "name"),
		Shape: shape,
		Data:  rapid.SliceOfN(rapid.Float32(), n, n).Draw(t, "data"),
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tensors := rapid.SliceOfNDistinct(rapid.Custom(anyTensor), 0, 6, func(x Tensor) string { return x.Name }).Draw(t, "tensors")
		metadata := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "metadata")

		var file, again bytes.Buffer
		if err := Write(&file, tensors, metadata); err != nil {
			t.Fatal(err)
		}
		if err := Write(&again, tensors, metadata); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
			t.Fatalf("the second write differs (%v)", err)
		}
		n := file.Len()
		for _, x := range tensors {
			n -= 4 * len(x.Data)
		}
		if n%8 != 0 {
			t.Errorf("data begins at byte %d, want a multiple of 8", n)
		}

		f, err := Decode(bytes.NewReader(file.Bytes()), int64(file.Len()), "file")
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Metadata(); len(got)+len(metadata) > 0 && !cmp.Equal(metadata, got) {
			t.Error(cmp.Diff(metadata, got))
		}
		var names []string
		for _, x := range tensors {
			names = append(names, x.Name)
			if shape, ok := f.Shape(x.Name); !ok || !slices.Equal(x.Shape, shape) {
				t.Errorf("%q: shape %v, %v, want %v", x.Name, shape, ok, x.Shape)
			}
			if dtype, ok := f.DType(x.Name); !ok || dtype != F32 {
				t.Errorf("%q: type %q, %v", x.Name, dtype, ok)
			}
			got := make([]float32, len(x.Data))
			if err := f.ReadInto(x.Name, got); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(bitsOf(x.Data), bitsOf(got)); diff != "" {
				t.Errorf("%q: %s", x.Name, diff)
			}
		}
		if !slices.Equal(names, f.Names()) {
			t.Errorf("names %q, want %q", f.Names(), names)
		}
	})
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	for _, tt := range []struct {
		name     string
		tensors  []Tensor
		metadata map[string]string
		want     string
	}{
		{"too little data", []Tensor{{"w", []int{2, 3}, one}}, nil, `tensor "w": shape [2 3] has 6 elements, expected 1 as the data`},
		{"too much data", []Tensor{{"w", []int{0}, one}}, nil, `tensor "w": shape [0] has 0 elements, expected 1 as the data`},
		{"no data", []Tensor{{"w", nil, nil}}, nil, `tensor "w": shape [] has 1 elements, expected 0 as the data`},
		{"negative axis", []Tensor{{"w", []int{-1, -1}, one}}, nil, `tensor "w": shape [-1 -1] has a negative axis`},
		{"overflow", []Tensor{{"w", []int{math.MaxInt, 2}, nil}}, nil, fmt.Sprintf(`tensor "w": shape [%d 2] has more elements than can be counted`, math.MaxInt)},
		{"too many axes", []Tensor{{"w", slices.Repeat([]int{1}, 65), one}}, nil, `tensor "w": shape has 65 axes, expected at most 64`},
		{"same name", []Tensor{{"w", nil, one}, {"v", nil, one}, {"w", nil, one}}, nil, `tensor "w": expected names that differ`},
		{"reserved name", []Tensor{{"__metadata__", nil, one}}, nil, `tensor "__metadata__": the name is reserved`},
		{"name not UTF-8", []Tensor{{"\xff", nil, one}}, nil, `tensor "\xff": expected a name in valid UTF-8`},
		{"key not UTF-8", nil, map[string]string{"\xff": ""}, `metadata "\xff": expected valid UTF-8`},
		{"value not UTF-8", nil, map[string]string{"k": "\xff"}, `metadata "k": expected valid UTF-8`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var file bytes.Buffer
			err := Write(&file, tt.tensors, tt.metadata)
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
	tensors := []Tensor{{Name: "w", Shape: []int{4}, Data: make([]float32, 4)}}
	var whole bytes.Buffer
	if err := Write(&whole, tensors, nil); err != nil {
		t.Fatal(err)
	}
	for n := range whole.Len() {
		if err := Write(&limited{n}, tensors, nil); !errors.Is(err, errFull) {
			t.Errorf("room for %d of %d bytes: error %v", n, whole.Len(), err)
		}
	}
}

package safetensors

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The golden files are written by testdata/golden.py.
const (
	goldenFloat32 = "testdata/float32.safetensors"
	goldenTypes   = "testdata/types.safetensors"
)

func open(t *testing.T, name string) *File {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// bitsOf makes floats comparable: NaN is equal to itself, -0 is not 0.
func bitsOf(values []float32) []uint32 {
	b := make([]uint32, len(values))
	for i, v := range values {
		b[i] = math.Float32bits(v)
	}
	return b
}

func float32Tensors() []Tensor {
	return []Tensor{
		{Name: "a \"name\" <&> é世\n", Data: []float32{7}},
		{Name: "empty", Shape: []int{0, 3}},
		{Name: "fc.bias", Shape: []int{2}, Data: []float32{float32(math.Copysign(0, -1)), float32(math.Inf(1))}},
		{Name: "fc.weight", Shape: []int{2, 3}, Data: []float32{1, -2, 0.5, 1. / 3, math.SmallestNonzeroFloat32, math.MaxFloat32}},
	}
}

func TestWriteGolden(t *testing.T) {
	want, err := os.ReadFile(goldenFloat32)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Write(&got, float32Tensors(), map[string]string{"format": "pt <&>"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestReadGolden(t *testing.T) {
	f := open(t, goldenFloat32)
	if diff := cmp.Diff(map[string]string{"format": "pt <&>"}, f.Metadata()); diff != "" {
		t.Error(diff)
	}
	var names []string
	for _, want := range float32Tensors() {
		names = append(names, want.Name)
		if shape, ok := f.Shape(want.Name); !ok || !cmp.Equal(append([]int{}, want.Shape...), shape) {
			t.Errorf("%q: shape %v, %v, want %v", want.Name, shape, ok, want.Shape)
		}
		got, err := f.Float32(want.Name)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(bitsOf(want.Data), bitsOf(got)); diff != "" {
			t.Errorf("%q: %s", want.Name, diff)
		}
	}
	if diff := cmp.Diff(names, f.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestReadTypes(t *testing.T) {
	f := open(t, goldenTypes)
	inf, nan, minus0 := float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1))
	for _, tt := range []struct {
		name  string
		dtype DType
		want  []float32 // nil if it cannot be read
	}{
		{"i64", "I64", nil},
		{"f64", F64, []float32{1. / 3, 1, inf, 0}}, // 1 + 2^-24 is halfway and rounds to even
		{"f32", F32, []float32{1, 2}},
		{"bf16", BF16, []float32{0, minus0, 1, -2, 0x1p-133, inf, 0xffp120, nan}},
		{"f16", F16, []float32{0, minus0, 1, -2, 65504, 0x1p-14, 0x1p-24, 1023 * 0x1p-24, inf, -inf, nan}},
		{"i8", "I8", nil},
		{"u8", "U8", nil},
		{"bool", "BOOL", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if dtype, ok := f.DType(tt.name); !ok || dtype != tt.dtype {
				t.Errorf("type %q, %v, want %q", dtype, ok, tt.dtype)
			}
			got, err := f.Float32(tt.name)
			if tt.want == nil {
				want := goldenTypes + `: tensor "` + tt.name + `": type ` + string(tt.dtype) + ", expected F32, F16, BF16 or F64"
				if err == nil || err.Error() != want {
					t.Errorf("error %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range got {
				if math.IsNaN(float64(v)) && math.IsNaN(float64(tt.want[i])) {
					got[i] = nan // whichever payload
				}
			}
			if diff := cmp.Diff(bitsOf(tt.want), bitsOf(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

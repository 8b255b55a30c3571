package pth

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/AlarioAI/bitnet/safetensors"
)

// versions are those of PyTorch whose golden files there are. They are written
// by testdata/golden.py.
var versions = []string{"1.13", "2.8"}

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

// count returns the numbers from first on, n of them, step apart.
func count(first, step float32, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = first + step*float32(i)
	}
	return values
}

func TestStateDict(t *testing.T) {
	tensors := []struct {
		name  string
		dtype safetensors.DType
		shape []int
		want  []float32 // nil if it cannot be read
	}{
		{"conv.weight", "F32", []int{2, 1, 2, 2}, count(0, 0.25, 8)},
		{"conv.bias", "F32", []int{2}, []float32{float32(math.Copysign(0, -1)), 1e-45}},
		{"conv.tied", "F32", []int{2, 1, 2, 2}, count(0, 0.25, 8)},
		{"bn.num_batches_tracked", "I64", []int{}, nil},
		{"mask", "BOOL", []int{2}, nil},
		{"f16", "F16", []int{4}, []float32{1, -2, 65504, 0x1p-24}},
		{"bf16", "BF16", []int{4}, []float32{1, -2, 0x1p-130, 0xffp120}},
		{"f64", "F64", []int{2}, []float32{1. / 3, 1}}, // 1 + 2^-24 is halfway and rounds to even
		{"scalar", "F32", []int{}, []float32{7}},
		{"empty", "F32", []int{0, 3}, []float32{}},
		{"transposed", "F32", []int{3, 2}, []float32{0, 3, 1, 4, 2, 5}},
		{"transposed.f16", "F16", []int{3, 2}, []float32{0, 3, 1, 4, 2, 5}},
		{"channels_last", "F32", []int{2, 3, 2, 4}, count(0, 1, 48)},
		{"every_other", "F32", []int{5}, count(1, 2, 5)},
		{"column", "F32", []int{3}, count(1, 4, 3)},
		{"head", "F32", []int{3}, count(0, 1, 3)},
		{"tail", "F32", []int{5, 1}, count(3, 1, 5)},
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			file := "testdata/state_dict_" + version + ".pth"
			f := open(t, file)
			var names []string
			for _, tt := range tensors {
				names = append(names, tt.name)
				if shape, ok := f.Shape(tt.name); !ok || !cmp.Equal(tt.shape, shape) {
					t.Errorf("%s: shape %v, %v, want %v", tt.name, shape, ok, tt.shape)
				}
				if dtype, ok := f.DType(tt.name); !ok || dtype != tt.dtype {
					t.Errorf("%s: type %s, %v, want %s", tt.name, dtype, ok, tt.dtype)
				}
				got, err := f.Float32(tt.name)
				if tt.want == nil {
					want := file + `: tensor "` + tt.name + `": type ` + string(tt.dtype) + ", expected F32, F16, BF16 or F64"
					if err == nil || err.Error() != want {
						t.Errorf("error %v, want %s", err, want)
					}
					continue
				}
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(bitsOf(tt.want), bitsOf(got)); diff != "" {
					t.Errorf("%s: %s", tt.name, diff)
				}
			}
			if diff := cmp.Diff(names, f.Names()); diff != "" {
				t.Error(diff)
			}
			if metadata := f.Metadata(); len(metadata) > 0 {
				t.Errorf("metadata %v", metadata)
			}
			if err := f.CheckFinite(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCheckpoint finds the state dict in a checkpoint, and reads one that was
// pickled by another protocol.
func TestCheckpoint(t *testing.T) {
	for _, version := range versions {
		for _, kind := range []string{"checkpoint", "protocol5"} {
			f := open(t, "testdata/"+kind+"_"+version+".pth")
			if diff := cmp.Diff([]string{"weight", "bias"}, f.Names()); diff != "" {
				t.Error(diff)
			}
			for name, want := range map[string][]float32{"weight": count(0, 1, 6), "bias": count(0, 1, 2)} {
				got, err := f.Float32(name)
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s %s: %s: %s", kind, version, name, diff)
				}
			}
		}
	}
}

func TestLegacyFormat(t *testing.T) {
	const want = "testdata/legacy.pth: in the format of PyTorch before 1.6, expected a zip archive: torch.load it in Python and torch.save it again"
	if _, err := Open("testdata/legacy.pth"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// goldenFiles are seeds and material for hostile files.
func goldenFiles(t testing.TB) [][]byte {
	names, err := filepath.Glob("testdata/*.pth")
	if err != nil || len(names) == 0 {
		t.Fatal("no golden files: ", err)
	}
	var files [][]byte
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

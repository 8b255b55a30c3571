package data

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMeanStd(t *testing.T) {
	for _, tt := range []struct {
		name      string
		images    Images
		mean, std []float32
	}{
		{"none", Images{H: 1, W: 1, C: 1}, []float32{0}, []float32{1}},
		{"constant", Images{N: 2, H: 1, W: 1, C: 1, Pixels: []uint8{51, 51}}, []float32{0.2}, []float32{1}},
		{"two values", Images{N: 1, H: 1, W: 2, C: 1, Pixels: []uint8{0, 255}}, []float32{0.5}, []float32{0.5}},
		{"rounded", Images{N: 3, H: 1, W: 1, C: 1, Pixels: []uint8{0, 0, 255}}, []float32{0.3333}, []float32{0.4714}},
		{"channels", Images{N: 1, H: 1, W: 2, C: 3, Pixels: []uint8{0, 255, 51, 255, 255, 153}},
			[]float32{0.5, 1, 0.4}, []float32{0.5, 1, 0.2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mean, std := tt.images.MeanStd()
			if diff := cmp.Diff(tt.mean, mean); diff != "" {
				t.Error("mean", diff)
			}
			if diff := cmp.Diff(tt.std, std); diff != "" {
				t.Error("std", diff)
			}
		})
	}
}

// TestMomentsLarge takes the most pixels that a file can have, half of them 0
// and half 255: their squares pass 64 bits.
func TestMomentsLarge(t *testing.T) {
	n := uint64(math.MaxInt32 - 1)
	mean, std := moments(n, n/2*255, n/2*255*255)
	if mean != 0.5 || std != 0.5 {
		t.Errorf("got %v, %v, want 0.5, 0.5", mean, std)
	}
}

// TestMeanStdTwoPass compares with the definition: the mean, then the root of
// the mean squared distance from it.
func TestMeanStdTwoPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pixels := rapid.SliceOfN(rapid.Uint8(), 1, 300).Draw(t, "pixels")
		m := Images{N: len(pixels), H: 1, W: 1, C: 1, Pixels: pixels}
		mean, std := m.MeanStd()

		sum, n := 0.0, float64(len(pixels))
		for _, p := range pixels {
			sum += float64(p) / 255
		}
		wantMean, squares := sum/n, 0.0
		for _, p := range pixels {
			d := float64(p)/255 - wantMean
			squares += d * d
		}
		wantStd := math.Sqrt(squares / n)
		if wantStd < 1e-9 {
			wantStd = 1
		}
		const half = 0.5e-4 + 1./(1<<25) + 1e-12 // rounding to four decimals, then to float32, after that of doubles here
		if math.Abs(float64(mean[0])-wantMean) > half || math.Abs(float64(std[0])-wantStd) > half {
			t.Fatalf("got %v, %v, want %v, %v", mean, std, wantMean, wantStd)
		}
	})
}

package quant

import (
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
	"pgregory.net/rapid"
)

// By hand.
func TestWeights(t *testing.T) {
	ternary := []Recipe{Alario, B158}
	above := math.Nextafter32(2, 3) // next to 2
	for _, tt := range []struct {
		name    string
		recipes []Recipe
		w       []float32
		scale   float32
		codes   []int8
	}{
		{"rounding", ternary, []float32{1.5, -1.5, 0.4, -0.6}, 1, []int8{1, -1, 0, -1}},
		{"clamped", ternary, []float32{100, -3, 0, 1}, 26, []int8{1, 0, 0, 0}},
		{"half the scale is 0", ternary, []float32{8, 2, -2, 4}, 4, []int8{1, 0, 0, 1}},
		{"more than half is 1", ternary, []float32{12, above, -above, 0}, 4, []int8{1, 1, -1, 0}},
		{"half of a small scale, pushed down by eps", ternary, []float32{8e-7, 2.1e-7, -2e-7, 4e-7}, 4.025e-7, []int8{1, 0, 0, 1}},
		{"one weight", ternary, []float32{-0.25}, 0.25, []int8{-1}},
		{"zeros", ternary, []float32{0, 0, 0}, 0, []int8{0, 0, 0}},

		{"around a positive mean", []Recipe{B1}, []float32{1, 2, 3, 6}, 3, []int8{-1, -1, -1, 1}},
		{"around a negative mean", []Recipe{B1}, []float32{-1, -1, -1, -5}, 2, []int8{1, 1, 1, -1}},
		{"the scale is not centred", []Recipe{B1}, []float32{4, 5, -1, 0}, 2.5, []int8{1, 1, -1, -1}},
		{"the mean itself is -1", []Recipe{B1}, []float32{2, 2}, 2, []int8{-1, -1}},
		{"zeros", []Recipe{B1}, []float32{0, 0, 0}, 0, []int8{-1, -1, -1}},
	} {
		for _, r := range tt.recipes {
			codes := make([]int8, len(tt.w))
			if scale := r.Weights(nil, nil, codes, tt.w); scale != tt.scale || !slices.Equal(codes, tt.codes) {
				t.Errorf("%v, %s: scale %v, codes %v, want %v, %v", r, tt.name, scale, codes, tt.scale, tt.codes)
			}
		}
	}
}

// The definition, read literally in float64, wherever float32 sums cannot tip
// the balance.
func TestWeightsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SliceOfN(rapid.Float32Range(-1, 1), 1, 300).Draw(t, "w")
		r := rapid.SampledFrom([]Recipe{Alario, B158, B1}).Draw(t, "recipe")
		mean, beta := 0.0, 0.0
		for _, v := range w {
			mean += float64(v) / float64(len(w))
			beta += math.Abs(float64(v)) / float64(len(w))
		}
		codes := make([]int8, len(w))
		scale := r.Weights(nil, nil, codes, w)
		if math.Abs(float64(scale)-beta) > 1e-6*beta {
			t.Fatalf("scale %v, want mean|w| = %v", scale, beta)
		}
		for i, v := range w {
			q := float64(v) / (beta + weightEps)
			want := math.RoundToEven(min(max(q, -1), 1))
			doubt := math.Abs(math.Abs(q) - 0.5)
			allowed := []int8{-1, 0, 1}
			if r == B1 {
				want, doubt, allowed = -1, math.Abs(float64(v)-mean)/(beta+weightEps), []int8{-1, 1}
				if float64(v) > mean {
					want = 1
				}
			}
			if !slices.Contains(allowed, codes[i]) || doubt > 1e-5 && float64(codes[i]) != want {
				t.Fatalf("%v: weight %v of scale %v and mean %v has code %d, want %v", r, v, beta, mean, codes[i], want)
			}
		}
	})
}

func TestWeightsSameBits(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	w := tensor.Normal(tensor.NewStream(1, "w"), 3*block+5).Data
	for _, r := range []Recipe{Alario, B158, B1} {
		a, b := make([]int8, len(w)), make([]int8, len(w))
		if x, y := r.Weights(nil, nil, a, w), r.Weights(workers, nil, b, w); x != y || !slices.Equal(a, b) {
			t.Errorf("%v: scales %v and %v", r, x, y)
		}
	}
}

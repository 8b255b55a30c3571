package quant

import (
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/tensor"
)

// ulp is the most that rounding to float32 changes a value, as a part of it.
const ulp = 1.0 / (1 << 24)

// Two roundings, of the scale and of the product, stand between a value and its
// code: where the exact quotient is further than that from the boundary between
// two codes, the code is that of the exact quotient. The centre is zero here, as
// that of b158 always is.
func TestCodesCloseToBoundaries(t *testing.T) {
	const margin = 2 * ulp * (1 + 1e-6)
	random := tensor.NewStream(1, "peaks")
	tape := autograd.Untaped()
	for range 300 {
		x := []float32{1 + random.Float32()}
		peak := float64(x[0])
		for k := range 1 + random.Intn(127) { // the fewer, the smaller the root
			boundary := float64(k) + 0.5
			for _, away := range []float64{-1, 1} {
				v := float32(boundary * peak / 127)
				for (float64(v)*127/peak-boundary)*away <= margin*boundary {
					v = math.Nextafter32(v, float32(math.Inf(int(away))))
				}
				x = append(x, v, -v)
			}
		}
		codes := make([]uint8, len(x))
		B158.activations(tape, gemm.Frame{H: 1, W: 1, C: len(x)}, codes, x, make([]float64, 1), make([]float32, 2))
		for i, v := range x {
			q := float64(v) * 127 / peak
			if got, want := int(codes[i])-zeroCode, int(math.RoundToEven(q)); got != want {
				t.Fatalf("peak %v: the code of %v, which is %.9f, is %d, want %d", x[0], v, q, got, want)
			}
		}
	}
}

// Two roundings, of the scale and of the product, stand between the sum of codes
// and the output, where the weight's scale is a float32.
func TestOutputIsRoundedTwice(t *testing.T) {
	const tokens, size = 300, 64
	random := tensor.NewStream(1, "operands")
	x, w := tensor.New(tokens, size), tensor.New(1, size)
	for i := range w.Data {
		w.Data[i] = float32(1 - 2*random.Intn(2)) // the scale is 1
	}
	for _, test := range []struct {
		recipe Recipe
		eps    float64
	}{{B158, rmsEps}, {B1, layerEps}} {
		t.Run(test.recipe.String(), func(t *testing.T) {
			want := make([]float64, tokens)
			codes := make([]int, size)
			for i := range want {
				codedSample(random, codes, x.Data[i*size:][:size], 1)
				squares, dot := 0, 0
				for j, k := range codes {
					squares += k * k
					dot += k * int(w.Data[j])
				}
				want[i] = float64(dot) / math.Sqrt(float64(squares)/size+test.eps)
			}
			for i, got := range test.recipe.Linear(autograd.Untaped(), x, w, nil).Data {
				if e := math.Abs(float64(got) - want[i]); e > 2*ulp*(1+1e-6)*math.Abs(want[i]) {
					t.Errorf("output %d is %v, want %v: off by %.2f roundings", i, got, want[i], e/math.Abs(want[i])/ulp)
				}
			}
		})
	}
}

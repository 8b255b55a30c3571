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

// TestTable compares with ((p/255) - 0.1307) / 0.3081, computed elsewhere in
// double precision and rounded to float32 after each operation; torchvision's
// MNIST lies between the values of 0 and 255.
func TestTable(t *testing.T) {
	table := newTable(0.1307, 0.3081)
	for p, want := range map[uint8]float32{
		0:   -0.424212962,
		1:   -0.411484718,
		33:  -0.00418122439,
		128: 1.20500112,
		254: 2.8087585,
		255: 2.82148671,
	} {
		if table[p] != want {
			t.Errorf("pixel %d: got %v, want %v", p, table[p], want)
		}
	}
}

func TestNormalizeChannels(t *testing.T) {
	tables := []*table{newTable(0, 1), newTable(0.5, 0.5), newTable(0, 0.5), newTable(1, 1)}
	got := make([]float32, 8)
	normalize(got, []uint8{0, 0, 0, 0, 255, 255, 255, 255}, tables)
	if diff := cmp.Diff([]float32{0, -1, 0, -1, 1, 1, 2, 0}, got); diff != "" {
		t.Error(diff)
	}
}

// TestNormalizeBlocks takes every length around a few blocks, and looks for
// writes beyond the end.
func TestNormalizeBlocks(t *testing.T) {
	r, g, b := newTable(0.1307, 0.3081), newTable(0.5, 0.25), newTable(0.75, 2)
	src := make([]uint8, 51)
	for i := range src {
		src[i] = uint8(255 - 5*i)
	}
	for _, tt := range []struct {
		name         string
		pixel, wrote int // bytes that are read and elements that are written at a time
		compute      func(dst []float32, src []uint8)
		want         func(i int) float32
	}{
		{"grey", 1, 1, func(dst []float32, src []uint8) { normalize(dst, src, []*table{r}) },
			func(i int) float32 { return r[src[i]] }},
		{"colour", 3, 3, func(dst []float32, src []uint8) { normalize(dst, src, []*table{r, g, b}) },
			func(i int) float32 { return []*table{r, g, b}[i%3][src[i]] }},
		{"repeated", 1, 3, func(dst []float32, src []uint8) { normalizeRepeated(dst, src, r) },
			func(i int) float32 { return r[src[i/3]] }},
	} {
		for pixels := range len(src) / tt.pixel {
			got, want := make([]float32, 3*len(src)), make([]float32, 3*len(src))
			for i := range pixels * tt.wrote {
				want[i] = tt.want(i)
			}
			tt.compute(got, src[:pixels*tt.pixel])
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %d pixels: %s", tt.name, pixels, diff)
			}
		}
	}
}

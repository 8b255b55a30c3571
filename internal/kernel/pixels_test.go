package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// normalised is the definition of Normalise.
func normalised(p uint8, mean, std float32) float32 {
	x := float32(p) / 255
	x -= mean
	return x / std
}

// TestNormaliseEveryByte: every byte has the bits of the definition, in every
// lane of a vector and in the pieces at the end, for usual means and odd ones.
func TestNormaliseEveryByte(t *testing.T) {
	huge, tiny := float32(math.MaxFloat32), float32(math.SmallestNonzeroFloat32)
	constants := [][2]float32{
		{0, 1}, {0.1307, 0.3081}, {0.286, 0.353}, {0.4914, 0.247}, {0.485, 0.229}, {0.5, 0.5}, {1, 0.0001},
		{-3, 7e-40}, {huge, tiny}, {tiny, huge}, {0.2, -0.3}, {0.1, float32(math.Inf(1))}, {float32(math.NaN()), 1},
	}
	eachLevel(t, func(t *testing.T) {
		src, dst := make([]uint8, 256+48+15), make([]float32, 256+48+15)
		for _, c := range constants {
			by := NewNormalisation([]float32{c[0]}, []float32{c[1]})
			for shift := range 48 { // a byte of all lanes
				n := 256 + shift + 15
				for i := range n {
					src[i] = uint8(i - shift)
				}
				Normalise(dst[:n], src[:n], by)
				for i, p := range src[:n] {
					want := normalised(p, c[0], c[1])
					if math.Float32bits(dst[i]) != math.Float32bits(want) && !(isNaN(dst[i]) && isNaN(want)) {
						t.Fatalf("mean %v, std %v: byte %d in place %d of %d is %v, want %v", c[0], c[1], p, i, n, dst[i], want)
					}
				}
			}
		}
	})
}

// TestNormaliseGolden compares with ((p/255) - 0.1307) / 0.3081, computed
// elsewhere in double precision and rounded to float32 after each operation;
// torchvision's MNIST lies between the values of 0 and 255.
func TestNormaliseGolden(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		dst := make([]float32, 6)
		Normalise(dst, []uint8{0, 1, 33, 128, 254, 255}, NewNormalisation([]float32{0.1307}, []float32{0.3081}))
		equalBits(t, "MNIST", dst, []float32{-0.424212962, -0.411484718, -0.00418122439, 1.20500112, 2.8087585, 2.82148671})
	})
}

func TestNormaliseLengths(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		const most = 210
		rng := rand.New(rand.NewPCG(1, 2))
		bytes, values := newEdge[uint8](t, most), newArena(t, 1, most)
		for _, channels := range []int{1, 2, 3, 4, 5, 7, 48, 49} {
			mean, std := normals(rng, channels), normals(rng, channels)
			by := NewNormalisation(mean, std)
			for n := range most {
				src := bytes.last(n, func(int) uint8 { return uint8(rng.IntN(256)) })
				dst := values.place(0, make([]float32, n))
				Normalise(dst, src, by)
				want := make([]float32, n)
				for i, p := range src {
					want[i] = normalised(p, mean[i%channels], std[i%channels])
				}
				equalBits(t, fmt.Sprintf("%d channels", channels), dst, want)
				values.check(t, 0, n)
			}
		}
	})
}

func TestNormalisePanics(t *testing.T) {
	one := []float32{1}
	for name, call := range map[string]func(){
		"no channels":   func() { NewNormalisation(nil, nil) },
		"a std too few": func() { NewNormalisation([]float32{1, 2}, one) },
		"lengths":       func() { Normalise(one, []uint8{1, 2}, NewNormalisation(one, one)) },
	} {
		if !panics(call) {
			t.Errorf("%s: no panic", name)
		}
	}
}

func TestWeighRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		const most, padding = 150, 7
		rng := rand.New(rand.NewPCG(3, 4))
		from, to := newEdge[uint8](t, 6*(most+padding)), newEdge[uint8](t, most+1)
		for n := range most {
			for taps := range 6 {
				for _, stride := range []int{n, n + padding, 1, 0} {
					weights := make([]uint32, taps)
					for k := range weights {
						weights[k] = rng.Uint32() >> (10 * (n % 2)) // every second time sums do not overflow
					}
					src := from.last(max(0, (taps-1)*stride+n), func(int) uint8 { return uint8(rng.IntN(256)) })
					to.last(n+1, func(int) uint8 { return 99 })
					dst := to[len(to)-n:]
					WeighRows(dst, src, stride, weights)
					for j := range dst {
						sum := uint32(1 << 21)
						for k, w := range weights {
							sum += w * uint32(src[k*stride+j])
						}
						if want := uint8(sum >> 22); dst[j] != want {
							t.Fatalf("n=%d, stride %d, weights %v: byte %d is %d, want %d", n, stride, weights, j, dst[j], want)
						}
					}
					if to[len(to)-n-1] != 99 {
						t.Fatalf("n=%d: wrote before the array", n)
					}
				}
			}
		}
	})
}

func TestWeighRowsPanics(t *testing.T) {
	row := make([]uint8, 8)
	for name, call := range map[string]func(){
		"rows too short":  func() { WeighRows(row[:4], row, 5, []uint32{1, 2}) },
		"negative stride": func() { WeighRows(row[:1], row, -1, []uint32{1, 2}) },
	} {
		if !panics(call) {
			t.Errorf("%s: no panic", name)
		}
	}
	WeighRows(row[:4], row, 4, []uint32{1, 2}) // just long enough
}

func BenchmarkNormalise(b *testing.B) {
	for _, channels := range []int{1, 3} {
		for _, n := range []int{96, 3072, 256 * 3072} {
			eachLevelRate(b, fmt.Sprintf("channels=%d/n=%d", channels, n), "val", func() (func(), int) {
				src, dst := make([]uint8, n), make([]float32, n)
				by := NewNormalisation(make([]float32, channels), []float32{0.3, 0.4, 0.5}[:channels])
				return func() { Normalise(dst, src, by) }, n
			})
		}
	}
}

func BenchmarkWeighRows(b *testing.B) {
	for _, taps := range []int{2, 7} {
		eachLevelRate(b, fmt.Sprintf("n=672/taps=%d", taps), "val", func() (func(), int) {
			src, dst, weights := make([]uint8, 672*taps), make([]uint8, 672), make([]uint32, taps)
			return func() { WeighRows(dst, src, 672, weights) }, 672
		})
	}
}

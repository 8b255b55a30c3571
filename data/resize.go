package data

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
)

// Images (H, W, C) are resized to (size, size, C) as
// torchvision.transforms.Resize((size, size)) does with a PIL image, to the
// last bit: by a triangle whose width grows with the factor when an image
// shrinks (bilinear with antialias), along the rows first, with a result of 8
// bits after each of the two passes. Pillow 13 takes the columns first in some
// images that are not square; all before it take the rows, and so does this.
//
// BiLinear of golang.org/x/image/draw has the same triangle but rounds once, at
// the end: a quarter of its pixels are one level off. It also knows no image of
// three bytes per pixel, and takes five times as long for 28x28 to 224x224.

// A filter resamples one axis. Element i of the result is the weighted sum of
// taps elements from first[i] on; where fewer count, weights are zero.
type filter struct {
	taps    int
	first   []int
	weights []uint32 // (out, taps), in units of 2^-weightBits
}

// weightBits is PIL's PRECISION_BITS, and what kernel.WeighRows computes with.
// The rounded weights of an element sum to one within taps/2 units, so its sum
// stays a byte, and a constant image constant, below 2^14 taps.
const weightBits = 32 - 8 - 2

// newFilter computes the weights of ImagingResample (libImaging/Resample.c in
// Pillow), with s = max(in/out, 1):
//
//	center = (i + 1/2) in/out
//	w[j]   = max(0, 1 - |j + 1/2 - center|/s)   divided by their sum
//
// in the order of its operations, each rounded to float64: a conversion keeps
// the compiler from fusing two of them.
func newFilter(in, out int) *filter {
	scale := float64(in) / float64(out)
	support := max(scale, 1)
	window := func(i int) (center float64, first, end int) {
		center = float64((float64(i) + 0.5) * scale)
		return center, max(int(center-support+0.5), 0), min(int(center+support+0.5), in)
	}
	taps := 0
	for i := range out {
		_, first, end := window(i)
		taps = max(taps, end-first)
	}

	f := &filter{taps: taps, first: make([]int, out), weights: make([]uint32, out*taps)}
	triangle := make([]float64, taps)
	for i := range out {
		center, first, end := window(i)
		sum := 0.0
		for k := range end - first {
			distance := float64((float64(first+k) - center + 0.5) * (1 / support))
			triangle[k] = max(0, 1-math.Abs(distance))
			sum += triangle[k]
		}
		f.first[i] = min(first, in-taps) // as early as needed to have all taps inside
		weights := f.weights[i*taps+first-f.first[i]:]
		for k, w := range triangle[:end-first] {
			weights[k] = uint32(0.5 + w/sum*(1<<weightBits))
		}
	}
	return f
}

// half is half a unit of the result: it is added to round.
const half = 1 << (weightBits - 1)

// along resamples a row, src (in, c) to dst (out, c):
//
//	dst[i][j] = round(sum_k weights[i][k] src[first[i]+k][j])
//
// with halves rounded up.
func (f *filter) along(dst, src []uint8, c int) {
	switch {
	case c == 1 && f.taps == 2: // as when an image grows
		dst = dst[:len(f.first)]
		for i, first := range f.first {
			w, s := (*[2]uint32)(f.weights[2*i:]), (*[2]uint8)(src[first:])
			dst[i] = uint8((w[0]*uint32(s[0]) + w[1]*uint32(s[1]) + half) >> weightBits)
		}
	case c == 3 && f.taps == 2:
		for i, first := range f.first {
			w, s, d := (*[2]uint32)(f.weights[2*i:]), (*[6]uint8)(src[3*first:]), (*[3]uint8)(dst[3*i:])
			d[0] = uint8((w[0]*uint32(s[0]) + w[1]*uint32(s[3]) + half) >> weightBits)
			d[1] = uint8((w[0]*uint32(s[1]) + w[1]*uint32(s[4]) + half) >> weightBits)
			d[2] = uint8((w[0]*uint32(s[2]) + w[1]*uint32(s[5]) + half) >> weightBits)
		}
	case c == 3:
		for i, first := range f.first {
			r, g, b := uint32(half), uint32(half), uint32(half)
			in := src[3*first:]
			for k, w := range f.weights[i*f.taps:][:f.taps] {
				s := (*[3]uint8)(in[3*k:])
				r += w * uint32(s[0])
				g += w * uint32(s[1])
				b += w * uint32(s[2])
			}
			d := (*[3]uint8)(dst[3*i:])
			d[0], d[1], d[2] = uint8(r>>weightBits), uint8(g>>weightBits), uint8(b>>weightBits)
		}
	default:
		for i, first := range f.first {
			weights := f.weights[i*f.taps:][:f.taps]
			for j := range c {
				sum := uint32(half)
				for k, w := range weights {
					sum += w * uint32(src[(first+k)*c+j])
				}
				dst[i*c+j] = uint8(sum >> weightBits)
			}
		}
	}
}

// across computes row i of what becomes of rows, as along computes pixel i of
// what becomes of pixels.
func (f *filter) across(dst, rows []uint8, i int) {
	kernel.WeighRows(dst, rows[f.first[i]*len(dst):], len(dst), f.weights[i*f.taps:][:f.taps])
}

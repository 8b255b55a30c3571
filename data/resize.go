package data

import "math"

// A resizer resizes images (H, W, C) to (size, size, C) as
// torchvision.transforms.Resize((size, size)) does with a PIL image, to the
// last bit: by a triangle whose width grows with the factor when an image
// shrinks (bilinear with antialias), along the rows first, with a result of 8
// bits after each of the two passes. Pillow 13 takes the columns first in some
// images that are not square; all before it take the rows, and so does this.
//
// BiLinear of golang.org/x/image/draw has the same triangle but rounds once, at
// the end: a quarter of its pixels are one level off. It also knows no image of
// three bytes per pixel, and takes five times as long for 28x28 to 224x224.
type resizer struct {
	channels, rowLength int // rowLength = size*C, the bytes of a row of the result
	horizontal          filter
	vertical            filter
}

func newResizer(h, w, channels, size int) *resizer {
	return &resizer{channels: channels, rowLength: size * channels, horizontal: newFilter(w, size), vertical: newFilter(h, size)}
}

// resize writes src (H, W, C) to dst (size, size, C). It uses rows
// (H, size, C) for the result of the first pass.
func (r *resizer) resize(dst, rows, src []uint8) {
	r.horizontal.apply(rows, src, r.channels)
	r.vertical.apply(dst, rows, r.rowLength)
}

// A filter resamples one axis. Element i of the result is the weighted sum of
// taps elements from first[i] on; where fewer count, weights are zero.
type filter struct {
	in, taps int
	first    []int
	weights  []uint32 // (out, taps), in units of 2^-weightBits
}

// weightBits is PIL's PRECISION_BITS. The rounded weights of an element sum to
// one within taps/2 units, so its sum stays a byte, and a constant image
// constant, below 2^14 taps.
const weightBits = 32 - 8 - 2

// newFilter computes the weights of ImagingResample (libImaging/Resample.c in
// Pillow), with s = max(in/out, 1):
//
//	center = (i + 1/2) in/out
//	w[j]   = max(0, 1 - |j + 1/2 - center|/s)   divided by their sum
//
// in the order of its operations, each rounded to float64: a conversion keeps
// the compiler from fusing two of them.
func newFilter(in, out int) filter {
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

	f := filter{in: in, taps: taps, first: make([]int, out), weights: make([]uint32, out*taps)}
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

// apply resamples the middle axis of src (outer, in, inner) into dst
// (outer, out, inner):
//
//	dst[o][i][j] = round(sum_k weights[i][k] src[o][first[i]+k][j])
//
// with halves rounded up.
func (f *filter) apply(dst, src []uint8, inner int) {
	const half = 1 << (weightBits - 1)
	for len(src) > 0 {
		for i, first := range f.first {
			weights := f.weights[i*f.taps:][:f.taps]
			in, out := src[first*inner:], dst[i*inner:][:inner]
			if f.taps == 2 { // as when an image grows
				wa, wb, a, b := weights[0], weights[1], in[:len(out)], in[inner:][:len(out)]
				for j := range out {
					out[j] = uint8((wa*uint32(a[j]) + wb*uint32(b[j]) + half) >> weightBits)
				}
				continue
			}
			for j := range out {
				sum := uint32(half)
				for k, w := range weights {
					sum += w * uint32(in[k*inner+j])
				}
				out[j] = uint8(sum >> weightBits)
			}
		}
		src, dst = src[f.in*inner:], dst[len(f.first)*inner:]
	}
}

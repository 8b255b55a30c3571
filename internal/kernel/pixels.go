package kernel

import "fmt"

// A Normalisation turns bytes into normalised values, by channel.
type Normalisation struct {
	tables []*[256]float32 // of each channel: the value of each byte

	// mean and std of the channels of so many values from a pixel's first one on,
	// if these are whole pixels.
	mean, std [normalisePeriod]float32
	vectors   bool // whether they are
}

// normalisePeriod is a multiple of the lanes of all levels and of 1, 2, 3, 4 and
// more channels.
const normalisePeriod = 48

// NewNormalisation returns the normalisation by the mean and the standard
// deviation of each channel. It panics if there are none, or not as many of one
// as of the other.
func NewNormalisation(mean, std []float32) *Normalisation {
	channels := len(mean)
	if channels == 0 || len(std) != channels {
		panic(fmt.Sprintf("kernel.NewNormalisation: %d means and %d standard deviations", len(mean), len(std)))
	}
	n := &Normalisation{tables: make([]*[256]float32, channels), vectors: normalisePeriod%channels == 0}
	for c := range channels {
		n.tables[c] = normalisationTable(mean[c], std[c])
	}
	for i := range n.mean {
		n.mean[i], n.std[i] = mean[i%channels], std[i%channels]
	}
	return n
}

// normalisationTable returns t[p] = (p/255 - mean) / std, each of the three
// operations rounded to float32.
func normalisationTable(mean, std float32) *[256]float32 {
	t := new([256]float32)
	for p := range t {
		x := float32(p) / 255
		x -= mean
		t[p] = x / std
	}
	return t
}

// Normalise computes, with C the number of channels of by,
//
//	dst[i] = (src[i]/255 - mean[i mod C]) / std[i mod C]
//
// each of the three operations rounded to float32, as torchvision's ToTensor
// and Normalize compute it one after the other. dst and src have the same
// length. All levels agree exactly.
func Normalise(dst []float32, src []uint8, by *Normalisation) {
	if len(dst) != len(src) {
		panic(fmt.Sprintf("kernel.Normalise: %d values for %d bytes", len(dst), len(src)))
	}
	if !by.vectors {
		normaliseGeneric(dst, src, by)
		return
	}
	normalise(dst, src, by)
}

// normaliseGeneric looks the values up. One or three channels take a loop with
// a single bounds check for some of them, which makes it half as fast again.
func normaliseGeneric(dst []float32, src []uint8, by *Normalisation) {
	switch t := by.tables; len(t) {
	case 1:
		t := t[0]
		for len(src) >= 8 {
			d, s := (*[8]float32)(dst), (*[8]uint8)(src)
			d[0], d[1], d[2], d[3] = t[s[0]], t[s[1]], t[s[2]], t[s[3]]
			d[4], d[5], d[6], d[7] = t[s[4]], t[s[5]], t[s[6]], t[s[7]]
			dst, src = dst[8:], src[8:]
		}
	case 3:
		r, g, b := t[0], t[1], t[2]
		for len(src) >= 12 {
			d, s := (*[12]float32)(dst), (*[12]uint8)(src)
			d[0], d[1], d[2], d[3], d[4], d[5] = r[s[0]], g[s[1]], b[s[2]], r[s[3]], g[s[4]], b[s[5]]
			d[6], d[7], d[8], d[9], d[10], d[11] = r[s[6]], g[s[7]], b[s[8]], r[s[9]], g[s[10]], b[s[11]]
			dst, src = dst[12:], src[12:]
		}
	}
	for c, t := range by.tables {
		for i := c; i < len(src); i += len(by.tables) {
			dst[i] = t[src[i]]
		}
	}
}

// WeighRows computes a weighted sum of rows of bytes, which begin stride bytes
// after each other:
//
//	dst[j] = (2^21 + sum(k) weights[k]*src[k*stride+j]) >> 22
//
// in 32 bits without sign: the mean, rounded to the nearest with halves up, for
// weights in units of 2^-22 that sum to 1. Of a greater sum the lowest byte
// counts. All levels agree exactly.
func WeighRows(dst, src []uint8, stride int, weights []uint32) {
	if taps := len(weights); taps > 0 && len(dst) > 0 && (stride < 0 || len(src) < (taps-1)*stride+len(dst)) {
		panic(fmt.Sprintf("kernel.WeighRows: %d bytes for %d rows of %d with a stride of %d", len(src), taps, len(dst), stride))
	}
	weighRows(dst, src, stride, weights)
}

func weighRowsGeneric(dst, src []uint8, stride int, weights []uint32) {
	const half = 1 << 21
	if len(weights) == 2 { // as when an image grows
		wa, wb, a, b := weights[0], weights[1], src[:len(dst)], src[stride:][:len(dst)]
		for j := range dst {
			dst[j] = uint8((wa*uint32(a[j]) + wb*uint32(b[j]) + half) >> 22)
		}
		return
	}
	for j := range dst {
		sum := uint32(half)
		for k, w := range weights {
			sum += w * uint32(src[k*stride+j])
		}
		dst[j] = uint8(sum >> 22)
	}
}

package data

import (
	"math"
	"math/bits"
)

// MeanStd returns the mean and the (population) standard deviation of each
// channel over all images, with pixels scaled to [0, 1]:
//
//	mean[c] = sum(p) / (255 n)
//	std[c]  = sqrt(n sum(p^2) - sum(p)^2) / (255 n)    n = N H W
//
// The sums are exact integers, and both results are rounded to four decimals,
// the precision at which such constants are published. So any data set of the
// usual kind gets its usual constants without a table of names: the training
// images of MNIST give 0.1307 and 0.3081, those of Fashion-MNIST 0.2860 and
// 0.3530.
//
// The standard deviation of a channel that never changes (0.0000 after
// rounding) is given as 1, so that dividing by it is always possible.
func (m *Images) MeanStd() (mean, std []float32) {
	mean, std = make([]float32, m.C), make([]float32, m.C)
	for c := range m.C {
		var n, sum, squares uint64
		for i := c; i < len(m.Pixels); i += m.C {
			p := uint64(m.Pixels[i])
			n++
			sum += p
			squares += p * p
		}
		mean[c], std[c] = moments(n, sum, squares)
	}
	return mean, std
}

// moments finishes MeanStd for one channel of n pixels.
func moments(n, sum, squares uint64) (mean, std float32) {
	if n == 0 {
		return 0, 1
	}
	// spread = n*squares - sum*sum needs 128 bits. Scaling by a power of two
	// is exact, so a fused multiply-add cannot change the result.
	hi, lo := bits.Mul64(n, squares)
	hi2, lo2 := bits.Mul64(sum, sum)
	lo, borrow := bits.Sub64(lo, lo2, 0)
	hi, _ = bits.Sub64(hi, hi2, borrow)
	spread := float64(hi)*(1<<64) + float64(lo)

	scale := 255 * float64(n)
	mean = fourDecimals(float64(sum) / scale)
	std = fourDecimals(math.Sqrt(spread) / scale)
	if std == 0 {
		std = 1
	}
	return mean, std
}

func fourDecimals(x float64) float32 { return float32(math.Round(x*1e4) / 1e4) }

// A table holds the normalised value of each of the 256 values of a byte.
type table [256]float32

// newTable returns t with
//
//	t[p] = (p/255 - mean) / std
//
// each of the three operations rounded to float32, as torchvision's ToTensor
// and Normalize compute it one after the other.
func newTable(mean, std float32) *table {
	t := new(table)
	for p := range t {
		x := float32(p) / 255
		x -= mean
		t[p] = x / std
	}
	return t
}

// normalize computes dst[i] = tables[i mod C][src[i]], C = len(tables).
func normalize(dst []float32, src []uint8, tables []*table) {
	switch len(tables) {
	case 1:
		normalizeGrey(dst, src, tables[0])
		return
	case 3:
		normalizeColour(dst, src, tables[0], tables[1], tables[2])
		return
	}
	dst = dst[:len(src)]
	for c, t := range tables {
		for i := c; i < len(src); i += len(tables) {
			dst[i] = t[src[i]]
		}
	}
}

// normalizeGrey computes dst[i] = t[src[i]]. Eight at a time take one bounds
// check instead of eight, which makes a whole epoch of MNIST half as fast again.
func normalizeGrey(dst []float32, src []uint8, t *table) {
	for len(src) >= 8 {
		d, s := (*[8]float32)(dst), (*[8]uint8)(src)
		d[0], d[1], d[2], d[3] = t[s[0]], t[s[1]], t[s[2]], t[s[3]]
		d[4], d[5], d[6], d[7] = t[s[4]], t[s[5]], t[s[6]], t[s[7]]
		dst, src = dst[8:], src[8:]
	}
	for i, p := range src {
		dst[i] = t[p]
	}
}

// normalizeColour computes dst[3i+c] = t[src[3i+c]] with t = r, g, b for
// c = 0, 1, 2, four pixels at a time for the reason of normalizeGrey.
func normalizeColour(dst []float32, src []uint8, r, g, b *table) {
	for len(src) >= 12 {
		d, s := (*[12]float32)(dst), (*[12]uint8)(src)
		d[0], d[1], d[2], d[3], d[4], d[5] = r[s[0]], g[s[1]], b[s[2]], r[s[3]], g[s[4]], b[s[5]]
		d[6], d[7], d[8], d[9], d[10], d[11] = r[s[6]], g[s[7]], b[s[8]], r[s[9]], g[s[10]], b[s[11]]
		dst, src = dst[12:], src[12:]
	}
	for i := 0; i < len(src); i += 3 {
		dst[i], dst[i+1], dst[i+2] = r[src[i]], g[src[i+1]], b[src[i+2]]
	}
}

// normalizeRepeated computes dst[3i+c] = t[src[i]] for c = 0, 1, 2.
func normalizeRepeated(dst []float32, src []uint8, t *table) {
	for i, p := range src {
		d, v := (*[3]float32)(dst[3*i:]), t[p]
		d[0], d[1], d[2] = v, v, v
	}
}

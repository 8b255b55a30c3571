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
	sums := make([]sums, m.C)
	if m.encoded != nil {
		copy(sums, m.encoded.sums[:])
	} else {
		addPixels(sums, m.Pixels)
	}
	mean, std = make([]float32, m.C), make([]float32, m.C)
	for c, s := range sums {
		mean[c], std[c] = moments(s.n, s.sum, s.squares)
	}
	return mean, std
}

// sums are over some pixels of one channel.
type sums struct{ n, sum, squares uint64 }

// addPixels adds pixels (n, C) to the sums of each channel.
func addPixels(channels []sums, pixels []uint8) {
	for c := range channels {
		s := channels[c]
		for i := c; i < len(pixels); i += len(channels) {
			p := uint64(pixels[i])
			s.n++
			s.sum += p
			s.squares += p * p
		}
		channels[c] = s
	}
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

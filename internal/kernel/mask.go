package kernel

import "fmt"

// ScaleWhere computes
//
//	dst[i] = a*x[i]   where bit i%8 of mask[i/8] is 1
//	dst[i] = 0        elsewhere, whatever x[i] is
//
// mask has whole words of 64 bits. dst may be x. All levels agree exactly.
func ScaleWhere(dst []float32, a float32, x []float32, mask []uint8) {
	sameLength("ScaleWhere", dst, x)
	if len(mask) < (len(x)+63)/64*8 {
		panic(fmt.Sprintf("kernel.ScaleWhere: %d bytes of mask for %d values", len(mask), len(x)))
	}
	scaleWhere(dst, a, x, mask)
}

func scaleWhereGeneric(dst []float32, a float32, x []float32, mask []uint8) {
	for i, v := range x {
		d := float32(0)
		if mask[i/8]>>(i%8)&1 == 1 {
			d = a * v
		}
		dst[i] = d
	}
}

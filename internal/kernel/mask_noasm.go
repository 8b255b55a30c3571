//go:build !amd64 || purego

package kernel

func scaleWhere(dst []float32, a float32, x []float32, mask []uint8) {
	scaleWhereGeneric(dst, a, x, mask)
}

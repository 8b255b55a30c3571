//go:build !amd64 || purego

package kernel

func quantiseU8(dst []uint8, x []float32, center, scale float32) {
	quantiseU8Generic(dst, x, center, scale)
}

func dequantiseU8(dst []float32, codes []uint8, scale float32) {
	dequantiseU8Generic(dst, codes, scale)
}

func signsS8(dst []int8, x []float32, low, high float32) { signsS8Generic(dst, x, low, high) }

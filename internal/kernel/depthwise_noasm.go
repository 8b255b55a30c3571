//go:build !amd64 || purego

package kernel

func depthwiseF32(y []float32, yStep int, init []float32, initStep int, a, x []float32, channels int, l *Line, rows []Row, s Steps) {
	depthwiseF32Generic(y, yStep, init, initStep, a, x, channels, l, rows, s)
}

func depthwiseU8S8(y []float32, yStep int, scale float32, bias []float32, a []int8, x []uint8, channels int, l *Line, rows []Row, s Steps) {
	depthwiseU8S8Generic(y, yStep, scale, bias, a, x, channels, l, rows, s)
}

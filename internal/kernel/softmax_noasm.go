//go:build !amd64 || purego

package kernel

func largest(x []float32) float32                    { return largestGeneric(x) }
func expSub(dst, x []float32, shift float32) float32 { return expSubGeneric(dst, x, shift) }
func softmaxGrad(dx, dy, y []float32, dot float32)   { softmaxGradGeneric(dx, dy, y, dot) }

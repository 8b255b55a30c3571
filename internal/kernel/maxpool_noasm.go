//go:build !amd64 || purego

package kernel

func maxPool(y, x []float32, line, rows, cols int) { maxPoolGeneric(y, x, line, rows, cols) }

func maxPoolGrad(dx, x, y, dy []float32, line, rows, cols int) {
	maxPoolGradGeneric(dx, x, y, dy, line, rows, cols)
}

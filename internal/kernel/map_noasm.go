//go:build !amd64 || purego

package kernel

func add(dst, x, y []float32) { addGeneric(dst, x, y) }

func combine(dst []float32, a float32, x []float32, b float32, y []float32, c float32) {
	combineGeneric(dst, a, x, b, y, c)
}

func relu(dst, x []float32, _ Target) { reluGeneric(dst, x) }
func reluGrad(dx, g, y []float32)     { reluGradGeneric(dx, g, y) }

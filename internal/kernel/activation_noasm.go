//go:build !amd64 || purego

package kernel

func sigmoid(y, x []float32, _ Target)     { sigmoidGeneric(y, x) }
func silu(y, x []float32, _ Target)        { siluGeneric(y, x) }
func gelu(y, x []float32, _ Target)        { geluGeneric(y, x) }
func hardsigmoid(y, x []float32, _ Target) { hardsigmoidGeneric(y, x) }
func hardswish(y, x []float32, _ Target)   { hardswishGeneric(y, x) }
func relu6(y, x []float32, _ Target)       { relu6Generic(y, x) }

func sigmoidGrad(dx, dy, x []float32)     { sigmoidGradGeneric(dx, dy, x) }
func siluGrad(dx, dy, x []float32)        { siluGradGeneric(dx, dy, x) }
func geluGrad(dx, dy, x []float32)        { geluGradGeneric(dx, dy, x) }
func hardsigmoidGrad(dx, dy, x []float32) { hardsigmoidGradGeneric(dx, dy, x) }
func hardswishGrad(dx, dy, x []float32)   { hardswishGradGeneric(dx, dy, x) }
func relu6Grad(dx, dy, x []float32)       { relu6GradGeneric(dx, dy, x) }

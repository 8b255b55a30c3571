package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// ReLU computes y = max(x, 0). PyTorch: torch.nn.functional.relu.
func ReLU(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	return activate(t, x, kernel.ReLU, kernel.ReLUGrad)
}

// ReLU6 computes y = min(max(x, 0), 6). PyTorch: torch.nn.functional.relu6.
func ReLU6(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	return activate(t, x, kernel.ReLU6, kernel.ReLU6Grad)
}

// Sigmoid computes y = 1/(1 + exp(-x)). PyTorch: torch.nn.functional.sigmoid.
func Sigmoid(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	return activate(t, x, kernel.Sigmoid, kernel.SigmoidGrad)
}

// Hardsigmoid computes y = min(max(x+3, 0), 6)/6. PyTorch:
// torch.nn.functional.hardsigmoid.
func Hardsigmoid(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	return activate(t, x, kernel.Hardsigmoid, kernel.HardsigmoidGrad)
}

// SiLU computes y = x/(1 + exp(-x)) (Elfwing et al., arXiv 1702.03118). PyTorch:
// torch.nn.functional.silu.
func SiLU(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	return activate(t, x, kernel.SiLU, kernel.SiLUGrad)
}

// Hardswish computes y = x*min(max(x+3, 0), 6)/6 (Howard et al., arXiv
// 1905.02244). PyTorch: torch.nn.functional.hardswish.
func Hardswish(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	return activate(t, x, kernel.Hardswish, kernel.HardswishGrad)
}

// GELU computes y = x*P(x) with the normal distribution's P(x) =
// (1 + erf(x/sqrt(2)))/2 (Hendrycks and Gimpel, arXiv 1606.08415). PyTorch:
// torch.nn.functional.gelu.
func GELU(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	return activate(t, x, kernel.GELU, kernel.GELUGrad)
}

// activate computes y = f(x), element by element. grad computes dx = dy*f'(x).
func activate(t *Tape, x *tensor.Tensor, f func(y, x []float32, to kernel.Target), grad func(dx, dy, x []float32)) *tensor.Tensor {
	y := t.arena.Tensor(x.Shape)
	type work struct {
		arrays
		f  func(y, x []float32, to kernel.Target)
		to kernel.Target
	}
	blocks(t, len(x.Data), work{arrays{y: y.Data, x: x.Data}, f, target(y.Data)}, func(w *work, lo, hi int) {
		y, x, _ := w.cut(lo, hi)
		w.f(y, x, w.to)
	})
	if t.Needs(x) {
		*Push[activationOp](t, y) = activationOp{x, y, grad}
	}
	return y
}

type activationOp struct {
	x, y *tensor.Tensor
	grad func(dx, dy, x []float32)
}

// dx = dy * f'(x).
func (o *activationOp) Backward(t *Tape) {
	dy := t.take(o.y)
	dx := t.over(dy)
	type work struct {
		arrays // dx, dy and x
		grad   func(dx, dy, x []float32)
	}
	blocks(t, len(dx), work{arrays{dx, dy, o.x.Data}, o.grad}, func(w *work, lo, hi int) { w.grad(w.cut(lo, hi)) })
	t.releaseUnless(dy, dx)
	t.AddGrad(o.x, dx)
}

package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// AddReLU computes y = max(a + b, 0), the end of a residual block (He et al.,
// arXiv 1512.03385), without keeping the sum.
func AddReLU(t *Tape, a, b *tensor.Tensor) *tensor.Tensor {
	if a.Shape != b.Shape {
		mismatch("AddReLU", "two equal ones", a.Shape, b.Shape)
	}
	y := t.arena.Tensor(a.Shape)
	blocks(t, len(y.Data), arrays{y.Data, a.Data, b.Data}, func(a *arrays, lo, hi int) {
		y, x, z := a.cut(lo, hi)
		kernel.Add(y, x, z)
		kernel.ReLU(y, y, kernel.Caches)
	})
	if t.Needs(a, b) {
		*Push[addReLUOp](t, y) = addReLUOp{a, b, y}
	}
	return y
}

type addReLUOp struct{ a, b, y *tensor.Tensor }

func (o *addReLUOp) Backward(t *Tape) { o.backwardSum(t, nil) }

// da = db = dy where y > 0, else 0.
func (o *addReLUOp) backwardSum(t *Tape, more []float32) {
	dy := t.take(o.y)
	d := t.over(dy)
	type work struct {
		arrays // d, dy and more
		y      []float32
	}
	blocks(t, len(d), work{arrays{d, dy, more}, o.y.Data}, func(w *work, lo, hi int) {
		d, g, more := w.cut(lo, hi)
		if more != nil {
			kernel.Add(d, g, more)
			g = d
		}
		kernel.ReLUGrad(d, g, w.y[lo:hi])
	})
	t.release(more)
	t.releaseUnless(dy, d)
	t.split(o.a, o.b, d)
}

package autograd

import "github.com/AlarioAI/bitnet/tensor"

// Dropout sets each element to zero with probability p and multiplies the
// others by 1/(1-p) (Srivastava et al., 2014). The draws come from the stream,
// one for each element in order.
func Dropout(t *Tape, x *tensor.Tensor, p float32, r *tensor.Stream) *tensor.Tensor {
	if !(p >= 0 && p <= 1) {
		panic("autograd.Dropout: the probability is not in [0, 1]")
	}
	if p == 0 {
		return x
	}
	y := t.arena.Tensor(x.Shape)
	mask := t.arena.Floats(len(x.Data))
	keep := 1 / (1 - p)
	for i, v := range x.Data {
		if r.Float32() < p {
			mask[i] = 0
			y.Data[i] = 0
		} else {
			mask[i] = keep
			y.Data[i] = v * keep
		}
	}
	if t.Needs(x) {
		*Push[dropoutOp](t, y) = dropoutOp{x, y, mask}
	}
	return y
}

type dropoutOp struct {
	x, y *tensor.Tensor
	mask []float32
}

// dx = dy * mask.
func (o *dropoutOp) Backward(t *Tape) {
	dx := t.arena.Floats(len(o.x.Data))
	t.Blocks(len(dx), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dx[i] = 0
			if m := o.mask[i]; m != 0 {
				dx[i] = o.y.Grad[i] * m
			}
		}
	})
	t.AddGrad(o.x, dx)
}

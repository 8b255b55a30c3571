package quant

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// The reference project scales activations to 128, not 127, and clamps them
// this far inside.
const (
	alarioRange = 128
	alarioBound = float32(alarioRange - 1e-5)
)

// alarioConv is the layer of the AlarioAI/bitnet project as it is: layer norm
// over a whole sample (all tokens of it, in a linear layer), one activation
// scale gamma = max|n| for the whole batch, activations clamped but not
// rounded, and the bias scaled with the rest:
//
//	xq = clamp(n * 128/gamma, -(128-1e-5), 128-1e-5)
//	y  = (xq * codes + bias) * gamma*beta/128
//
// A sample's output therefore depends on the others in its batch, and a batch
// whose samples are all constant has gamma = 0 and gives NaN, as it does there. The gradient
// stops where the clamp acts, and passes to w as that of the codes.
func alarioConv(t *autograd.Tape, x, w, bias *tensor.Tensor, g autograd.Geometry, then *gemm.Finish) *tensor.Tensor {
	c, n, shape := g.Product(x.Shape, w.Shape)
	p, arena, workers := t.Plan(c), t.Arena(), t.Workers()
	codes := arena.Codes(len(w.Data))
	beta := Alario.Weights(workers, arena, codes, w.Data)
	wq := arena.Floats(len(codes))
	for i, c := range codes {
		wq[i] = float32(c)
	}

	batch := x.Shape.Dim(0)
	size := len(x.Data) / max(1, batch)
	norms, peaks := arena.Floats(2*batch), arena.Floats(batch)
	samples(t, batch, size, func(i int) {
		n := layerNorm(x.Data[i*size:][:size])
		norms[2*i], norms[2*i+1] = float32(n.root), n.center
		peaks[i] = n.peak / norms[2*i]
	})
	gamma := float32(0)
	for _, v := range peaks {
		gamma = max(gamma, v)
	}
	xq := arena.Floats(len(x.Data))
	samples(t, batch, size, func(i int) {
		root, center := norms[2*i], norms[2*i+1]
		out := xq[i*size:][:size]
		for j, v := range x.Data[i*size:][:size] {
			q := (v - center) / root * alarioRange / gamma
			out[j] = min(max(q, -alarioBound), alarioBound)
		}
	})

	y := arena.Tensor(shape)
	scale := gamma * beta / alarioRange
	p.Forward(workers, arena, y.Data, xq, n, p.PackForward(workers, arena, wq), bias.Values(), nil)
	t.Blocks(len(y.Data), func(lo, hi int) { kernel.Combine(y.Data[lo:hi], scale, y.Data[lo:hi], 0, y.Data[lo:hi], 0) })
	then.Apply(workers, y.Data)
	if t.Needs(x, w, bias) {
		if then.Changes() {
			panic("quant.ConvThen: a finished convolution has no gradient")
		}
		*autograd.Push[alario](t, y) = alario{p, x, w, bias, y, wq, xq, norms, gamma, scale, n, batch}
	}
	return y
}

type alario struct {
	plan          *gemm.Plan
	x, w, bias, y *tensor.Tensor
	wq, xq        []float32
	norms         []float32
	gamma, scale  float32
	n, batch      int
}

// With dz = dy*scale:
//
//	dbias = sum(dz)    dw = dz * xq    dn = (dz * codes) * 128/gamma where |xq| < 128-1e-5
func (o *alario) Backward(t *autograd.Tape) {
	p, arena, workers := o.plan, t.Arena(), t.Workers()
	dz := arena.Floats(len(o.y.Grad))
	t.Blocks(len(dz), func(lo, hi int) {
		dy := o.y.Grad[lo:hi]
		kernel.Combine(dz[lo:hi], o.scale, dy, 0, dy, 0)
	})
	if o.w.NeedGrad {
		p.WeightGradient(workers, arena, autograd.ParamGrad(o.w), dz, o.xq, o.n)
	}
	if o.bias != nil && o.bias.NeedGrad {
		autograd.AddColumnSums(t, autograd.ParamGrad(o.bias), dz)
	}
	if !o.x.NeedGrad {
		return
	}
	dx := arena.Floats(len(o.x.Data))
	p.InputGradient(workers, arena, dx, dz, o.n, o.wq)
	size := len(dx) / max(1, o.batch)
	samples(t, o.batch, size, func(i int) {
		dn := dx[i*size:][:size]
		for j, q := range o.xq[i*size:][:size] {
			if q > -alarioBound && q < alarioBound {
				dn[j] *= alarioRange / o.gamma
			} else {
				dn[j] = 0
			}
		}
		n := norm{root: float64(o.norms[2*i]), center: o.norms[2*i+1]}
		n.backward(dn, o.x.Data[i*size:][:size], 1, true)
	})
	t.AddGrad(o.x, dx)
}

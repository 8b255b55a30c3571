package autograd

import (
	"fmt"

	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Geometry is how a filter moves over an image: rows first, then columns.
type Geometry struct {
	Kernel, Stride, Padding, Dilation [2]int
	Groups                            int
}

// Product returns the geometry of a layer with weight w applied to x:
//
//	linear       x (..., K)       w (O, K)                   y (..., O)
//	convolution  x (N, H, W, C)   w (O, KH, KW, C/Groups)    y (N, OH, OW, O)
//
// together with the number of samples (rows, for a linear layer) and the
// result's shape. It panics if the shapes do not fit.
func (g Geometry) Product(x, w tensor.Shape) (c gemm.Conv, n int, y tensor.Shape) {
	if w.Rank() == 2 {
		k, o := w.Dim(1), w.Dim(0)
		if x.Rank() < 1 || x.Dim(-1) != k {
			panic(fmt.Sprintf("linear: the last axis of input %v is not the last of weight %v", x, w))
		}
		return gemm.Linear(k, o), x.Len() / k, x.WithLast(o)
	}
	if x.Rank() != 4 || w.Rank() != 4 || x.Dim(3) != w.Dim(3)*g.Groups || w.Dim(1) != g.Kernel[0] || w.Dim(2) != g.Kernel[1] {
		panic(fmt.Sprintf("conv2d: input %v (N, H, W, C) does not fit weight %v (O, KH, KW, C/groups) with kernel %v, groups %d",
			x, w, g.Kernel, g.Groups))
	}
	c = gemm.Conv{
		H: x.Dim(1), W: x.Dim(2), C: x.Dim(3), O: w.Dim(0),
		KH: g.Kernel[0], KW: g.Kernel[1], SH: g.Stride[0], SW: g.Stride[1],
		PH: g.Padding[0], PW: g.Padding[1], DH: g.Dilation[0], DW: g.Dilation[1], Groups: g.Groups,
	}
	return c, x.Dim(0), tensor.Of(x.Dim(0), c.OutH(), c.OutW(), c.O)
}

// Linear computes y[..., o] = bias[o] + sum(k) x[..., k] * w[o, k].
// A nil bias stands for zeros. PyTorch: torch.nn.functional.linear.
func Linear(t *Tape, x, w, bias *tensor.Tensor) *tensor.Tensor {
	return Conv(t, x, w, bias, Geometry{})
}

// Conv computes the convolution of images x (N, H, W, C) with filters w
// (O, KH, KW, C/Groups),
//
//	y[n,oh,ow,o] = bias[o] + sum(kh, kw, c) x[n, oh*SH+kh*DH-PH, ow*SW+kw*DW-PW, c] * w[o,kh,kw,c]
//
// PyTorch: torch.nn.functional.conv2d. A weight of two axes makes it Linear.
func Conv(t *Tape, x, w, bias *tensor.Tensor, g Geometry) *tensor.Tensor {
	return ConvThen(t, x, w, bias, g, nil)
}

// ConvThen is Conv with what follows it computed on the way; see gemm.Finish.
// It panics where the operation has to be recorded and then changes the output, of
// which no gradient could be had.
func ConvThen(t *Tape, x, w, bias *tensor.Tensor, g Geometry, then *gemm.Finish) *tensor.Tensor {
	c, n, shape := g.Product(x.Shape, w.Shape)
	p := t.Plan(c)
	y := t.arena.Tensor(shape)
	panels, kept := Frozen[gemm.Panels](t, w)
	if !kept {
		panels = p.PackForward(t.workers, t.Still(), w.Data)
		kept = Keep(t, w, panels)
	}
	p.Forward(t.workers, t.arena, y.Data, x.Data, n, panels, bias.Values(), then)
	if !kept {
		panels.Release(t.arena)
	}
	if t.Needs(x, w, bias) {
		if then.Changes() {
			panic("autograd.ConvThen: a finished convolution has no gradient")
		}
		*Push[conv](t, y) = conv{plan: p, x: x, w: w, bias: bias, y: y, n: n}
	}
	return y
}

type conv struct {
	plan          *gemm.Plan
	x, w, bias, y *tensor.Tensor
	n             int
}

// dx = dy * w (transposed), dw = dy (transposed) * x, dbias = sum of dy over rows.
func (o *conv) Backward(t *Tape) {
	if o.w.NeedGrad {
		o.plan.WeightGradient(t.workers, t.arena, ParamGrad(o.w), o.y.Grad, t.arena.Slacked(o.x.Data), o.n)
	}
	if o.bias != nil && o.bias.NeedGrad {
		AddColumnSums(t, ParamGrad(o.bias), o.y.Grad)
	}
	if o.x.NeedGrad {
		dx := t.arena.Floats(len(o.x.Data))
		o.plan.InputGradient(t.workers, t.arena, dx, o.y.Grad, o.n, o.w.Data)
		t.AddGrad(o.x, dx)
	}
}

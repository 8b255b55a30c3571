package autograd

import (
	"fmt"
	"math"

	"github.com/AlarioAI/bitnet/tensor"
)

// A Window is the geometry of a pooling: rows first, then columns.
type Window struct{ Kernel, Stride, Padding [2]int }

// pooling is a window laid over images of one shape.
type pooling struct {
	Window
	h, w, c, oh, ow int
}

func (k Window) over(op string, x tensor.Shape) (p pooling, y tensor.Shape) {
	if x.Rank() != 4 {
		mismatch(op, "(N, H, W, C)", x)
	}
	p = pooling{Window: k, h: x.Dim(1), w: x.Dim(2), c: x.Dim(3)}
	for i := range 2 {
		if k.Kernel[i] < 1 || k.Stride[i] < 1 || k.Padding[i] < 0 || 2*k.Padding[i] > k.Kernel[i] || x.Dim(1+i)+2*k.Padding[i] < k.Kernel[i] {
			panic(fmt.Sprintf("autograd.%s: kernel %v, stride %v, padding %v do not fit images %v", op, k.Kernel, k.Stride, k.Padding, x))
		}
	}
	p.oh = (p.h+2*k.Padding[0]-k.Kernel[0])/k.Stride[0] + 1
	p.ow = (p.w+2*k.Padding[1]-k.Kernel[1])/k.Stride[1] + 1
	return p, tensor.Of(x.Dim(0), p.oh, p.ow, p.c)
}

// each calls f for every pair of an output pixel and an input pixel in its
// window, with the offsets of both in a sample, output pixels in order.
func (p *pooling) each(f func(y, x int)) {
	for oh := range p.oh {
		h0 := oh*p.Stride[0] - p.Padding[0]
		for ow := range p.ow {
			w0 := ow*p.Stride[1] - p.Padding[1]
			for h := max(h0, 0); h < min(h0+p.Kernel[0], p.h); h++ {
				for w := max(w0, 0); w < min(w0+p.Kernel[1], p.w); w++ {
					f((oh*p.ow+ow)*p.c, (h*p.w+w)*p.c)
				}
			}
		}
	}
}

// AvgPool computes the mean of each window; padding counts as zeros. PyTorch:
// torch.nn.functional.avg_pool2d.
func AvgPool(t *Tape, x *tensor.Tensor, k Window) *tensor.Tensor {
	p, shape := k.over("AvgPool", x.Shape)
	y := t.arena.Tensor(shape)
	n, in, out := x.Shape.Dim(0), p.h*p.w*p.c, p.oh*p.ow*p.c
	share := 1 / float32(k.Kernel[0]*k.Kernel[1])
	t.workers.For(n, func(i int) {
		xs, ys := x.Data[i*in:][:in], y.Data[i*out:][:out]
		clear(ys)
		p.each(func(yo, xo int) {
			row := ys[yo:][:p.c]
			for c, v := range xs[xo:][:p.c] {
				row[c] += v * share
			}
		})
	})
	if t.Needs(x) {
		*Push[avgPool](t, y) = avgPool{p, x, y}
	}
	return y
}

type avgPool struct {
	p    pooling
	x, y *tensor.Tensor
}

// dx = sum of dy/(KH*KW) over the windows that cover the pixel.
func (o *avgPool) Backward(t *Tape) {
	p := &o.p
	n, in, out := o.x.Shape.Dim(0), p.h*p.w*p.c, p.oh*p.ow*p.c
	share := 1 / float32(p.Kernel[0]*p.Kernel[1])
	dx := t.arena.Floats(len(o.x.Data))
	t.workers.For(n, func(i int) {
		dxs, dys := dx[i*in:][:in], o.y.Grad[i*out:][:out]
		clear(dxs)
		p.each(func(yo, xo int) {
			row := dxs[xo:][:p.c]
			for c, g := range dys[yo:][:p.c] {
				row[c] += g * share
			}
		})
	})
	t.AddGrad(o.x, dx)
}

// MaxPool computes the maximum of each window; padding never wins. The
// gradient goes to the first of equal maxima. PyTorch:
// torch.nn.functional.max_pool2d.
func MaxPool(t *Tape, x *tensor.Tensor, k Window) *tensor.Tensor {
	p, shape := k.over("MaxPool", x.Shape)
	y := t.arena.Tensor(shape)
	n, in, out := x.Shape.Dim(0), p.h*p.w*p.c, p.oh*p.ow*p.c
	t.workers.For(n, func(i int) {
		xs, ys := x.Data[i*in:][:in], y.Data[i*out:][:out]
		for j := range ys {
			ys[j] = float32(math.Inf(-1))
		}
		p.each(func(yo, xo int) {
			row := ys[yo:][:p.c]
			for c, v := range xs[xo:][:p.c] {
				row[c] = max(row[c], v)
			}
		})
	})
	if t.Needs(x) {
		*Push[maxPool](t, y) = maxPool{p, x, y}
	}
	return y
}

type maxPool struct {
	p    pooling
	x, y *tensor.Tensor
}

// dx = dy where x is its window's first maximum.
func (o *maxPool) Backward(t *Tape) {
	p := &o.p
	n, in, out := o.x.Shape.Dim(0), p.h*p.w*p.c, p.oh*p.ow*p.c
	dx, left := t.arena.Floats(len(o.x.Data)), t.arena.Floats(len(o.y.Data))
	t.workers.For(n, func(i int) {
		xs, dxs := o.x.Data[i*in:][:in], dx[i*in:][:in]
		ys, rest := o.y.Data[i*out:][:out], left[i*out:][:out] // rest: gradient not given away yet
		clear(dxs)
		copy(rest, o.y.Grad[i*out:])
		p.each(func(yo, xo int) {
			for c, v := range xs[xo:][:p.c] {
				if v == ys[yo+c] {
					dxs[xo+c] += rest[yo+c]
					rest[yo+c] = 0
				}
			}
		})
	})
	t.arena.Release(left)
	t.AddGrad(o.x, dx)
}

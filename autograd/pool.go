package autograd

import (
	"fmt"
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
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
		top, bottom := p.rows(oh)
		for ow := range p.ow {
			left, right := p.columns(ow)
			for h := top; h < bottom; h++ {
				for w := left; w < right; w++ {
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
	line := p.w * p.c
	sums := t.arena.Floats(n * line) // of the window's rows
	t.workers.For(n, func(i int) {
		if p.halves() {
			for oh := range p.oh {
				top := x.Data[i*in+2*oh*line:]
				kernel.Halve(y.Data[i*out+oh*p.ow*p.c:][:p.ow*p.c], top[:line], top[line:2*line], p.c)
			}
			return
		}
		xs, sum := x.Data[i*in:][:in], sums[i*line:][:line]
		for oh := range p.oh {
			first, end := p.rows(oh)
			copy(sum, xs[first*line:])
			for h := first + 1; h < end; h++ {
				kernel.Add(sum, sum, xs[h*line:][:line])
			}
			p.narrow(y.Data[i*out+oh*p.ow*p.c:], sum)
		}
	})
	t.arena.Release(sums)
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
	line := p.w * p.c
	dx, lines := t.arena.Floats(len(o.x.Data)), t.arena.Floats(n*line)
	t.workers.For(n, func(i int) {
		dxs, dline := dx[i*in:][:in], lines[i*line:][:line]
		if p.halves() && p.h%2 == 0 && p.w%2 == 0 {
			for oh := range p.oh {
				dtop := dxs[2*oh*line:]
				kernel.HalveGrad(dtop[:line], dtop[line:2*line], o.y.Grad[i*out+oh*p.ow*p.c:][:p.ow*p.c], p.c)
			}
			return
		}
		clear(dxs)
		for oh := range p.oh {
			p.widen(dline, o.y.Grad[i*out+oh*p.ow*p.c:])
			first, end := p.rows(oh)
			for h := first; h < end; h++ {
				kernel.Add(dxs[h*line:][:line], dxs[h*line:][:line], dline)
			}
		}
	})
	t.arena.Release(lines)
	t.AddGrad(o.x, dx)
}

// halves reports whether the windows are 2x2 pixels side by side, by far the
// most common pooling.
func (p *pooling) halves() bool {
	two := [2]int{2, 2}
	return p.Kernel == two && p.Stride == two && p.Padding == [2]int{}
}

// rows returns the image rows [first, end) under the windows of output row oh.
func (p *pooling) rows(oh int) (first, end int) {
	h := oh*p.Stride[0] - p.Padding[0]
	return max(h, 0), min(h+p.Kernel[0], p.h)
}

// columns returns the image columns [first, end) under output column ow.
func (p *pooling) columns(ow int) (first, end int) {
	w := ow*p.Stride[1] - p.Padding[1]
	return max(w, 0), min(w+p.Kernel[1], p.w)
}

// narrow writes one row of means from the sums over the windows' rows.
func (p *pooling) narrow(y, sum []float32) {
	share := 1 / float32(p.Kernel[0]*p.Kernel[1])
	for ow := range p.ow {
		first, end := p.columns(ow)
		row := y[ow*p.c:][:p.c]
		clear(row)
		for w := first; w < end; w++ {
			for c, v := range sum[w*p.c:][:p.c] {
				row[c] += v * share
			}
		}
	}
}

// widen is the gradient of narrow.
func (p *pooling) widen(dsum, dy []float32) {
	share := 1 / float32(p.Kernel[0]*p.Kernel[1])
	clear(dsum)
	for ow := range p.ow {
		first, end := p.columns(ow)
		row := dy[ow*p.c:][:p.c]
		for w := first; w < end; w++ {
			into := dsum[w*p.c:][:p.c]
			for c, g := range row {
				into[c] += g * share
			}
		}
	}
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

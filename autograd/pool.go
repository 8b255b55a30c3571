package autograd

import (
	"fmt"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
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

// each calls f for every output pixel: with its offset in a sample, that of the
// first input pixel in its window, and the size of the part of the window that
// lies in the image.
func (p *pooling) each(f func(y, x, rows, cols int)) {
	for oh := range p.oh {
		top, bottom := p.rows(oh)
		for ow := range p.ow {
			left, right := p.columns(ow)
			f((oh*p.ow+ow)*p.c, (top*p.w+left)*p.c, bottom-top, right-left)
		}
	}
}

// AvgPool computes the mean of each window; padding counts as zeros. PyTorch:
// torch.nn.functional.avg_pool2d.
func AvgPool(t *Tape, x *tensor.Tensor, k Window) *tensor.Tensor {
	p, shape := k.over("AvgPool", x.Shape)
	y := t.arena.Tensor(shape)
	sums := t.scratch(p.w * p.c) // of the window's rows
	parallel.Share(t.workers, x.Shape.Dim(0), poolWork{p: p, y: y.Data, x: x.Data, scratch: sums}, (*poolWork).average)
	t.arena.Release(sums.memory)
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
	p := o.p
	dx, lines := t.arena.Floats(len(o.x.Data)), t.scratch((p.w+p.ow)*p.c)
	w := poolWork{p: p, dx: dx, dy: o.y.Grad, scratch: lines}
	parallel.Share(t.workers, o.x.Shape.Dim(0), w, (*poolWork).averageGrad)
	t.arena.Release(lines.memory)
	t.AddGrad(o.x, dx)
}

// poolWork is a pooling or its backward pass, sample by sample.
type poolWork struct {
	p            pooling
	y, x, dy, dx []float32
	scratch      scratch
}

// sample returns the parts of the arrays that belong to sample i.
func (w *poolWork) sample(i int) (y, x, dy, dx []float32) {
	in, out := w.p.h*w.p.w*w.p.c, w.p.oh*w.p.ow*w.p.c
	part := func(v []float32, size int) []float32 {
		if v == nil {
			return nil
		}
		return v[i*size:][:size]
	}
	return part(w.y, out), part(w.x, in), part(w.dy, out), part(w.dx, in)
}

func (w *poolWork) average(worker, i int) {
	p, line, outLine := &w.p, w.p.w*w.p.c, w.p.ow*w.p.c
	y, x, _, _ := w.sample(i)
	sum := w.scratch.of(worker)
	for oh := range p.oh {
		y := y[oh*outLine:][:outLine]
		first, end := p.rows(oh)
		if p.halves() {
			kernel.Halve(y, x[first*line:][:line], x[(first+1)*line:][:line], p.c)
			continue
		}
		copy(sum, x[first*line:])
		for h := first + 1; h < end; h++ {
			kernel.Add(sum, sum, x[h*line:][:line])
		}
		p.narrow(y, sum)
	}
}

func (w *poolWork) averageGrad(worker, i int) {
	p, line, outLine := &w.p, w.p.w*w.p.c, w.p.ow*w.p.c
	_, _, dy, dx := w.sample(i)
	dline, share := w.scratch.of(worker)[:line], w.scratch.of(worker)[line:]
	exact := p.halves() && p.h%2 == 0 && p.w%2 == 0
	if !exact {
		clear(dx)
	}
	for oh := range p.oh {
		dy := dy[oh*outLine:][:outLine]
		first, end := p.rows(oh)
		if exact {
			kernel.HalveGrad(dx[first*line:][:line], dx[(first+1)*line:][:line], dy, p.c)
			continue
		}
		kernel.Scale(share, 1/float32(p.Kernel[0]*p.Kernel[1]), dy)
		p.widen(dline, share)
		for h := first; h < end; h++ {
			kernel.Add(dx[h*line:][:line], dx[h*line:][:line], dline)
		}
	}
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
		kernel.ColumnSums(row, sum[first*p.c:end*p.c])
		kernel.Scale(row, share, row)
	}
}

// widen is the gradient of narrow, given a row of dy divided by the area.
func (p *pooling) widen(dsum, share []float32) {
	clear(dsum)
	for ow := range p.ow {
		first, end := p.columns(ow)
		for w := first; w < end; w++ {
			into := dsum[w*p.c:][:p.c]
			kernel.Add(into, into, share[ow*p.c:][:p.c])
		}
	}
}

// MaxPool computes the maximum of each window; padding never wins. The
// gradient goes to the first of equal maxima. PyTorch:
// torch.nn.functional.max_pool2d.
func MaxPool(t *Tape, x *tensor.Tensor, k Window) *tensor.Tensor {
	p, shape := k.over("MaxPool", x.Shape)
	y := t.arena.Tensor(shape)
	parallel.Share(t.workers, x.Shape.Dim(0), poolWork{p: p, y: y.Data, x: x.Data}, func(w *poolWork, _, i int) {
		c, line := w.p.c, w.p.w*w.p.c
		ys, xs, _, _ := w.sample(i)
		w.p.each(func(y, x, rows, cols int) { kernel.MaxPool(ys[y:][:c], xs[x:], line, rows, cols) })
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
	dx := t.arena.Floats(len(o.x.Data))
	w := poolWork{o.p, o.y.Data, o.x.Data, o.y.Grad, dx, scratch{}}
	parallel.Share(t.workers, o.x.Shape.Dim(0), w, func(w *poolWork, _, i int) {
		c, line := w.p.c, w.p.w*w.p.c
		ys, xs, dys, dxs := w.sample(i)
		clear(dxs)
		w.p.each(func(y, x, rows, cols int) {
			kernel.MaxPoolGrad(dxs[x:], xs[x:], ys[y:][:c], dys[y:][:c], line, rows, cols)
		})
	})
	t.AddGrad(o.x, dx)
}

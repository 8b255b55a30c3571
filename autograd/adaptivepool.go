package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// AdaptiveAvgPool averages images (N, H, W, C) over windows that give images
// (N, oh, ow, C): window i covers the rows [floor(i*H/oh), ceil((i+1)*H/oh)),
// and columns likewise. Windows may overlap. PyTorch:
// torch.nn.functional.adaptive_avg_pool2d.
func AdaptiveAvgPool(t *Tape, x *tensor.Tensor, oh, ow int) *tensor.Tensor {
	if x.Shape.Rank() != 4 || len(x.Data) == 0 || oh < 1 || ow < 1 {
		mismatch("AdaptiveAvgPool", "(N, H, W, C) and a size of at least 1 x 1", x.Shape, tensor.Of(max(oh, 0), max(ow, 0)))
	}
	n, c := x.Shape.Dim(0), x.Shape.Dim(3)
	if oh == 1 && ow == 1 {
		return globalAvgPool(t, x, newStack(n, x.Shape.Dim(1)*x.Shape.Dim(2), c))
	}
	o := adaptivePool{x: x, y: t.arena.Tensor(tensor.Of(n, oh, ow, c))}
	parallel.Share(t.workers, n*oh, o, (*adaptivePool).forward)
	if t.Needs(x) {
		*Push[adaptivePool](t, o.y) = o
	}
	return o.y
}

// forward computes a row of y, counted over all images.
func (o *adaptivePool) forward(_, line int) {
	h, w, c, oh, ow := o.x.Shape.Dim(1), o.x.Shape.Dim(2), o.x.Shape.Dim(3), o.y.Shape.Dim(1), o.y.Shape.Dim(2)
	top, bottom := adaptive(line%oh, h, oh)
	for j := range ow {
		left, right := adaptive(j, w, ow)
		y := o.y.Data[(line*ow+j)*c:][:c]
		clear(y)
		for i := top; i < bottom; i++ {
			row := o.x.Data[(line/oh*h+i)*w*c:]
			kernel.ColumnSums(y, row[left*c:right*c])
		}
		kernel.Scale(y, 1/float32((bottom-top)*(right-left)), y)
	}
}

// adaptive returns the part [first, end) of n that window i of count covers.
func adaptive(i, n, count int) (first, end int) {
	return i * n / count, ((i+1)*n + count - 1) / count
}

type adaptivePool struct{ x, y *tensor.Tensor }

// dx = sum of dy/area over the windows that cover the pixel.
func (o *adaptivePool) Backward(t *Tape) {
	n, h, c := o.x.Shape.Dim(0), o.x.Shape.Dim(1), o.x.Shape.Dim(3)
	w := adaptiveWork{o, t.arena.Floats(len(o.x.Data)), t.scratch(c)}
	parallel.Share(t.workers, n*h, w, (*adaptiveWork).grad)
	t.arena.Release(w.scratch.memory)
	t.AddGrad(o.x, w.dx)
}

// adaptiveWork is a backward pass.
type adaptiveWork struct {
	o  *adaptivePool
	dx []float32
	scratch
}

// grad computes a row of dx, counted over all images.
func (o *adaptiveWork) grad(worker, line int) {
	x, y := o.o.x.Shape, o.o.y
	h, w, c, oh, ow := x.Dim(1), x.Dim(2), x.Dim(3), y.Shape.Dim(1), y.Shape.Dim(2)
	row, share := o.dx[line*w*c:][:w*c], o.of(worker)
	clear(row)
	for i := range oh {
		top, bottom := adaptive(i, h, oh)
		if line%h < top || line%h >= bottom {
			continue
		}
		for j := range ow {
			left, right := adaptive(j, w, ow)
			kernel.Scale(share, 1/float32((bottom-top)*(right-left)), y.Grad[((line/h*oh+i)*ow+j)*c:][:c])
			for k := left; k < right; k++ {
				into := row[k*c:][:c]
				kernel.Add(into, into, share)
			}
		}
	}
}

// globalAvgPool averages the rows of each table of x.
func globalAvgPool(t *Tape, x *tensor.Tensor, k stack) *tensor.Tensor {
	o := globalPool{k, x, t.arena.Tensor(tensor.Of(k.n, 1, 1, k.c))}
	partial := k.sums(t, x.Data)
	k.totals(o.y.Data, partial)
	t.arena.Release(partial)
	kernel.Scale(o.y.Data, 1/float32(k.rows), o.y.Data)
	if t.Needs(x) {
		*Push[globalPool](t, o.y) = o
	}
	return o.y
}

type globalPool struct {
	stack
	x, y *tensor.Tensor
}

// dx[i,row,c] = dy[i,c]/rows.
func (o *globalPool) Backward(t *Tape) {
	dx := t.arena.Floats(len(o.x.Data))
	type work struct {
		o  *globalPool
		dx []float32
	}
	spans(t, o.stack, work{o, dx}, func(w *work, b span) {
		dx, c := w.dx[b.lo:b.hi], w.o.c
		kernel.Scale(dx[:c], 1/float32(w.o.rows), w.o.y.Grad[b.table*c:][:c])
		for done := c; done < len(dx); done *= 2 {
			copy(dx[done:], dx[:done])
		}
	})
	t.AddGrad(o.x, dx)
}

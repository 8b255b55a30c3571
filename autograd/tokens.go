package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Operations on sequences of tokens (N, T, D).

// Patches cuts images (N, H, W, C) into squares of p by p pixels, row by row,
// each of them one token (N, H/p * W/p, p*p*C) with its pixels in the order
// row, column, channel. H and W must be multiples of p.
func Patches(t *Tape, x *tensor.Tensor, p int) *tensor.Tensor {
	if x.Shape.Rank() != 4 || p < 1 || x.Shape.Dim(1)%p != 0 || x.Shape.Dim(2)%p != 0 {
		mismatch("Patches", "(N, H, W, C) with H and W multiples of the patch size", x.Shape)
	}
	n, h, w, c := x.Shape.Dim(0), x.Shape.Dim(1), x.Shape.Dim(2), x.Shape.Dim(3)
	y := t.arena.Tensor(tensor.Of(n, h/p*(w/p), p*p*c))
	o := patchesOp{x, y, p}
	parallel.Share(t.workers, n*h, o, func(o *patchesOp, _, row int) {
		o.eachRun(row, func(inImage, inPatch, length int) { copy(o.y.Data[inPatch:][:length], o.x.Data[inImage:]) })
	})
	if t.Needs(x) {
		*Push[patchesOp](t, y) = o
	}
	return y
}

type patchesOp struct {
	x, y *tensor.Tensor
	p    int
}

// eachRun calls f for the pieces of an image row, counted over all images: each
// is a run of p pixels in the image and in its patch.
func (o *patchesOp) eachRun(row int, f func(inImage, inPatch, length int)) {
	h, w, c := o.x.Shape.Dim(1), o.x.Shape.Dim(2), o.x.Shape.Dim(3)
	run, across := o.p*c, w/o.p
	first := row / h * (h / o.p) * across // patch of the image
	first += row % h / o.p * across
	for i := range across {
		f(row*w*c+i*run, ((first+i)*o.p+row%h%o.p)*run, run)
	}
}

// dx is dy put back where each patch came from.
func (o *patchesOp) Backward(t *Tape) {
	dx := t.arena.Floats(len(o.x.Data))
	type work struct {
		o  *patchesOp
		dx []float32
	}
	parallel.Share(t.workers, o.x.Shape.Dim(0)*o.x.Shape.Dim(1), work{o, dx}, func(w *work, _, row int) {
		w.o.eachRun(row, func(inImage, inPatch, length int) { copy(w.dx[inImage:][:length], w.o.y.Grad[inPatch:]) })
	})
	t.AddGrad(o.x, dx)
}

// Embed puts a class token before the tokens x (N, T, D) of every sample and
// adds the positions' embedding (Dosovitskiy et al., arXiv 2010.11929,
// equation 1): with class (1, 1, D) and position (1, T+1, D),
//
//	y[n,0]   = class + position[0]
//	y[n,1+i] = x[n,i] + position[1+i]
func Embed(t *Tape, x, class, position *tensor.Tensor) *tensor.Tensor {
	if x.Shape.Rank() != 3 || class.Shape != tensor.Of(1, 1, x.Shape.Dim(2)) || position.Shape != tensor.Of(1, x.Shape.Dim(1)+1, x.Shape.Dim(2)) {
		mismatch("Embed", "(N, T, D), (1, 1, D) and (1, T+1, D)", x.Shape, class.Shape, position.Shape)
	}
	n, d := x.Shape.Dim(0), x.Shape.Dim(2)
	o := embedOp{x, class, position, t.arena.Tensor(tensor.Of(n, x.Shape.Dim(1)+1, d))}
	parallel.Share(t.workers, n, o, func(o *embedOp, _, i int) {
		d, size := len(o.class.Data), len(o.position.Data)
		out := o.y.Data[i*size:][:size]
		kernel.Add(out[:d], o.class.Data, o.position.Data[:d])
		kernel.Add(out[d:], o.x.Data[i*(size-d):][:size-d], o.position.Data[d:])
	})
	if t.Needs(x, class, position) {
		*Push[embedOp](t, o.y) = o
	}
	return o.y
}

type embedOp struct{ x, class, position, y *tensor.Tensor }

// dx[n,i] = dy[n,1+i], dclass = sum(n) dy[n,0], dposition = sum(n) dy[n].
func (o *embedOp) Backward(t *Tape) {
	d, size := len(o.class.Data), len(o.position.Data)
	samples := len(o.y.Grad) / size
	if o.class.NeedGrad {
		dclass := ParamGrad(o.class)
		for i := range samples {
			kernel.Add(dclass, dclass, o.y.Grad[i*size:][:d])
		}
	}
	if o.position.NeedGrad {
		blocks(t, size, arrays{y: ParamGrad(o.position), x: o.y.Grad}, func(a *arrays, lo, hi int) {
			dposition := a.y[lo:hi]
			for i := 0; i < len(a.x); i += len(a.y) {
				kernel.Add(dposition, dposition, a.x[i+lo:i+hi])
			}
		})
	}
	if o.x.NeedGrad {
		dx := t.arena.Floats(len(o.x.Data))
		type work struct {
			dx, dy  []float32
			d, size int
		}
		parallel.Share(t.workers, samples, work{dx, o.y.Grad, d, size}, func(w *work, _, i int) {
			copy(w.dx[i*(w.size-w.d):][:w.size-w.d], w.dy[i*w.size+w.d:])
		})
		t.AddGrad(o.x, dx)
	}
}

// Narrow returns the tokens [first, first+count) of x (N, T, D). PyTorch:
// torch.narrow along axis 1.
func Narrow(t *Tape, x *tensor.Tensor, first, count int) *tensor.Tensor {
	if x.Shape.Rank() != 3 || first < 0 || count < 1 || first+count > x.Shape.Dim(1) {
		mismatch("Narrow", "(N, T, D) with the tokens asked for", x.Shape)
	}
	n, d := x.Shape.Dim(0), x.Shape.Dim(2)
	return assemble(t, tensor.Of(n, count, d),
		piece{x: x, lines: n, length: count * d, from: first * d, fromStride: x.Shape.Dim(1) * d, toStride: count * d}, piece{})
}

// Concat puts the tokens of b (N, S, D) behind those of a (N, T, D). PyTorch:
// torch.cat along axis 1.
func Concat(t *Tape, a, b *tensor.Tensor) *tensor.Tensor {
	if a.Shape.Rank() != 3 || b.Shape.Rank() != 3 || a.Shape.Dim(0) != b.Shape.Dim(0) || a.Shape.Dim(2) != b.Shape.Dim(2) {
		mismatch("Concat", "(N, T, D) and (N, S, D)", a.Shape, b.Shape)
	}
	n, d := a.Shape.Dim(0), a.Shape.Dim(2)
	first, second := a.Shape.Dim(1)*d, b.Shape.Dim(1)*d
	return assemble(t, tensor.Of(n, a.Shape.Dim(1)+b.Shape.Dim(1), d),
		piece{x: a, lines: n, length: first, fromStride: first, toStride: first + second},
		piece{x: b, lines: n, length: second, fromStride: second, to: first, toStride: first + second})
}

// Chunk returns part i of n equal ones along the last axis of x (..., D).
// PyTorch: torch.chunk.
func Chunk(t *Tape, x *tensor.Tensor, i, n int) *tensor.Tensor {
	d := x.Shape.Dim(-1)
	if n < 1 || i < 0 || i >= n || d%n != 0 {
		mismatch("Chunk", "a last axis that divides into the parts", x.Shape)
	}
	return assemble(t, withDim(x.Shape, x.Shape.Rank()-1, d/n),
		piece{x: x, lines: len(x.Data) / d, length: d / n, from: i * d / n, fromStride: d, toStride: d / n}, piece{})
}

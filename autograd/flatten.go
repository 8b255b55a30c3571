package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Flatten turns images (N, H, W, C) into rows (N, C*H*W), in the order C, H, W
// that PyTorch's flatten gives its NCHW images, so that the weights of a
// classifier behind it are the same. A tensor of two axes is left as it is.
func Flatten(t *Tape, x *tensor.Tensor) *tensor.Tensor {
	if x.Shape.Rank() == 2 {
		return x
	}
	if x.Shape.Rank() != 4 {
		mismatch("Flatten", "(N, H, W, C) or (N, K)", x.Shape)
	}
	n, pixels, c := x.Shape.Dim(0), x.Shape.Dim(1)*x.Shape.Dim(2), x.Shape.Dim(3)
	y := t.arena.Tensor(tensor.Of(n, c*pixels))
	transposeEach(t, y.Data, x.Data, n, pixels, c)
	if t.Needs(x) {
		*Push[flattenOp](t, y) = flattenOp{x, y}
	}
	return y
}

type flattenOp struct{ x, y *tensor.Tensor }

func (o *flattenOp) Backward(t *Tape) {
	pixels, c := o.x.Shape.Dim(1)*o.x.Shape.Dim(2), o.x.Shape.Dim(3)
	dx := t.arena.Floats(len(o.x.Data))
	transposeEach(t, dx, o.y.Grad, o.x.Shape.Dim(0), c, pixels)
	t.AddGrad(o.x, dx)
}

// transposeEach transposes each of n matrices.
func transposeEach(t *Tape, dst, src []float32, n, rows, cols int) {
	type work struct {
		dst, src   []float32
		rows, cols int
	}
	parallel.Share(t.workers, n, work{dst, src, rows, cols}, func(w *work, _, i int) {
		size := w.rows * w.cols
		transpose(w.dst[i*size:][:size], w.src[i*size:], w.rows, w.cols)
	})
}

// transpose computes dst[j*rows+i] = src[i*cols+j].
func transpose(dst, src []float32, rows, cols int) {
	if rows == 1 || cols == 1 {
		copy(dst, src[:rows*cols])
		return
	}
	kernel.Transpose(dst, rows, src, cols, rows, cols, 1)
}

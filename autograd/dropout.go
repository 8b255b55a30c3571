package autograd

import (
	"encoding/binary"
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Dropout sets each element to zero with probability p and multiplies the
// others by 1/(1-p) (Srivastava et al., 2014). One draw is taken from the
// stream; it keys streams of their own for the blocks that the elements are
// cut into. PyTorch: torch.nn.functional.dropout.
func Dropout(t *Tape, x *tensor.Tensor, p float32, r *tensor.Stream) *tensor.Tensor {
	if !(p >= 0 && p <= 1) {
		panic("autograd.Dropout: the probability is not in [0, 1]")
	}
	if p == 0 {
		return x
	}
	const word = 64 // elements whose chances are drawn together
	o := dropoutOp{x: x, y: t.arena.Tensor(x.Shape), kept: t.arena.Bytes((len(x.Data) + word - 1) / word * word / 8), scale: 1 / (1 - p)}
	type work struct {
		dropoutOp
		seed, digits uint64
	}
	blocks(t, len(x.Data), work{o, r.Uint64(), fraction(p)}, func(w *work, lo, hi int) {
		r := tensor.NewStream(w.seed, "dropout", uint64(lo))
		for i := lo; i < hi; i += word {
			binary.LittleEndian.PutUint64(w.kept[i/8:], ^chances(r, w.digits))
		}
		w.drop(w.y.Data, w.x.Data, lo, hi)
	})
	if t.Needs(x) {
		*Push[dropoutOp](t, o.y) = o
	}
	return o.y
}

type dropoutOp struct {
	x, y  *tensor.Tensor
	kept  []uint8 // a bit for each element
	scale float32
}

// drop computes the elements [lo, hi) of y, lo a multiple of 8.
func (o *dropoutOp) drop(y, x []float32, lo, hi int) {
	kernel.ScaleWhere(y[lo:hi], o.scale, x[lo:hi], o.kept[lo/8:])
}

// dx = dy/(1-p) where x was kept, and 0 elsewhere.
func (o *dropoutOp) Backward(t *Tape) {
	dy := t.take(o.y)
	dx := t.over(dy)
	type work struct {
		o      *dropoutOp
		dx, dy []float32
	}
	blocks(t, len(dx), work{o, dx, dy}, func(w *work, lo, hi int) { w.o.drop(w.dx, w.dy, lo, hi) })
	t.releaseUnless(dy, dx)
	t.AddGrad(o.x, dx)
}

// fraction returns p * 2^64, and for p = 1 the greatest number below that.
func fraction(p float32) uint64 {
	if p == 1 {
		return math.MaxUint64
	}
	return uint64(math.Ldexp(float64(p), 64))
}

// chances returns 64 bits, each of them 1 with probability p/2^64. It draws 64
// uniform numbers u and compares them with p digit by digit, the first binary
// digits of all of them in one word, until u < p is known for all. That takes
// eight words or so.
func chances(r *tensor.Stream, p uint64) (less uint64) {
	for open := ^uint64(0); open != 0 && p != 0; p <<= 1 { // open: where all digits so far are those of p
		u, digit := r.Uint64(), -(p >> 63) // the digit of p, 64 times
		less |= open & digit &^ u
		open &^= u ^ digit
	}
	return less
}

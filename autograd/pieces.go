package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A piece says which values of an operand become which of a result: lines of
// one length at regular distances in both.
type piece struct {
	x                *tensor.Tensor // the operand; nil for no piece
	lines, length    int
	from, fromStride int // start in the operand
	to, toStride     int // start in the result
}

// assemble copies pieces of one or two operands into a result of the given
// shape, which they fill.
func assemble(t *Tape, shape tensor.Shape, a, b piece) *tensor.Tensor {
	o := assembleOp{pieces: [2]piece{a, b}, y: t.arena.Tensor(shape)}
	for i := range o.pieces {
		p := &o.pieces[i]
		p.each(t, o.y.Data, func(w *pieceWork, from, to int) { copy(w.y[to:][:w.length], w.x.Data[from:]) })
	}
	if t.Needs(a.x, b.x) {
		*Push[assembleOp](t, o.y) = o
	}
	return o.y
}

// pieceWork is a piece with the array of the result, or of its gradient.
type pieceWork struct {
	piece
	y []float32
	f func(w *pieceWork, from, to int)
}

// each calls f for every line, many short ones in one chunk.
func (p *piece) each(t *Tape, y []float32, f func(w *pieceWork, from, to int)) {
	step := p.step()
	parallel.Share(t.workers, (p.lines+step-1)/step, pieceWork{*p, y, f}, func(w *pieceWork, _, chunk int) {
		step := w.step()
		for i := chunk * step; i < min((chunk+1)*step, w.lines); i++ {
			w.f(w, w.from+i*w.fromStride, w.to+i*w.toStride)
		}
	})
}

// step returns the number of lines in a chunk.
func (p *piece) step() int { return max(1, blockValues/max(1, p.length)) }

type assembleOp struct {
	pieces [2]piece
	y      *tensor.Tensor
}

// dx is dy where a value was copied from, and zero elsewhere.
func (o *assembleOp) Backward(t *Tape) {
	for i := range o.pieces {
		p := &o.pieces[i]
		if p.x == nil || !p.x.NeedGrad {
			continue
		}
		if p.x.Grad != nil && t.held(p.x.Grad) { // it is another tensor's too
			dx := t.arena.Floats(len(p.x.Data))
			blocks(t, len(dx), arrays{y: dx, x: p.x.Grad}, func(a *arrays, lo, hi int) { copy(a.y[lo:hi], a.x[lo:hi]) })
			t.release(p.x.Grad)
			p.x.Grad = dx
		}
		if p.x.Grad == nil {
			p.x.Grad = t.arena.Floats(len(p.x.Data))
			blocks(t, len(p.x.Grad), arrays{y: p.x.Grad}, func(a *arrays, lo, hi int) { clear(a.y[lo:hi]) })
		}
		p.each(t, o.y.Grad, func(w *pieceWork, from, to int) {
			dx := w.x.Grad[from:][:w.length]
			kernel.Add(dx, dx, w.y[to:][:w.length])
		})
	}
}

package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
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
		p.each(t, func(from, to int) { copy(o.y.Data[to:][:p.length], p.x.Data[from:]) })
	}
	if t.Needs(a.x, b.x) {
		*Push[assembleOp](t, o.y) = o
	}
	return o.y
}

// each calls f for every line, many short ones in one chunk.
func (p *piece) each(t *Tape, f func(from, to int)) {
	step := max(1, blockValues/max(1, p.length))
	t.workers.For((p.lines+step-1)/step, func(chunk int) {
		for i := chunk * step; i < min((chunk+1)*step, p.lines); i++ {
			f(p.from+i*p.fromStride, p.to+i*p.toStride)
		}
	})
}

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
		if p.x.Grad == nil {
			p.x.Grad = t.arena.Floats(len(p.x.Data))
			t.Blocks(len(p.x.Grad), func(lo, hi int) { clear(p.x.Grad[lo:hi]) })
		}
		p.each(t, func(from, to int) {
			dx := p.x.Grad[from:][:p.length]
			kernel.Add(dx, dx, o.y.Grad[to:][:p.length])
		})
	}
}

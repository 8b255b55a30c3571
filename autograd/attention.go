package autograd

import (
	"fmt"
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Attention computes scaled dot-product attention with several heads (Vaswani
// et al., arXiv 1706.03762, section 3.2) for queries q (N, Tq, D), keys k (N,
// Tk, D) and values v (N, Tk, D). With d = D/heads, head h is the columns [h*d,
// (h+1)*d) of all of them, and there
//
//	s[i,j] = sum(c) q[i,c]*k[j,c] / sqrt(d)
//	p[i,j] = exp(s[i,j]) / sum(l) exp(s[i,l])
//	y[i,c] = sum(j) p[i,j]*v[j,c]
//
// for every sample. The result is (N, Tq, D). PyTorch:
// torch.nn.functional.scaled_dot_product_attention.
//
// Memory grows with Tq + Tk, not with Tq*Tk: of the probabilities, only the
// logarithm of each row's sum is kept, and the backward pass computes them again
// (Dao et al., arXiv 2205.14135). Unlike there, the blocks are strips of whole
// rows. A strip of thousands of values still fits the second cache, and needs no
// corrections to a softmax of which only a part is known.
func Attention(t *Tape, q, k, v *tensor.Tensor, heads int) *tensor.Tensor {
	if q.Shape.Rank() != 3 || k.Shape.Rank() != 3 || k.Shape != v.Shape ||
		k.Shape.Dim(0) != q.Shape.Dim(0) || k.Shape.Dim(1) == 0 || k.Shape.Dim(2) != q.Shape.Dim(2) ||
		heads < 1 || q.Shape.Dim(2) == 0 || q.Shape.Dim(2)%heads != 0 {
		mismatch("Attention", fmt.Sprintf("(N, Tq, D) and twice (N, Tk, D) with Tk > 0 and D a multiple of %d heads", heads), q.Shape, k.Shape, v.Shape)
	}
	o := attention{q: q, k: k, v: v, y: t.arena.Tensor(q.Shape), heads: heads}
	o.logSums = t.arena.Floats(o.pairs() * o.queries())
	o.forward(t)
	if t.Needs(q, k, v) {
		*Push[attention](t, o.y) = o
	}
	return o.y
}

type attention struct {
	q, k, v, y *tensor.Tensor
	heads      int
	logSums    []float32 // (N, heads, Tq): log(sum(j) exp(s[i,j]))
}

func (o *attention) queries() int { return o.q.Shape.Dim(1) }
func (o *attention) keys() int    { return o.k.Shape.Dim(1) }
func (o *attention) depth() int   { return o.q.Shape.Dim(2) / o.heads }

// pairs returns the number of pairs of a sample and a head.
func (o *attention) pairs() int { return o.q.Shape.Dim(0) * o.heads }

// scale is the factor in s.
func (o *attention) scale() float32 { return float32(1 / math.Sqrt(float64(o.depth()))) }

// head returns what belongs to a pair in an array (N, rows, D).
func (o *attention) head(x []float32, pair, rows int) matrix {
	width := o.q.Shape.Dim(2)
	return matrix{x[pair/o.heads*rows*width+pair%o.heads*o.depth():], width, rows, o.depth()}
}

// forward computes y and logSums. The strips of one pair are shared out where
// there are few pairs.
func (o *attention) forward(t *Tape) {
	const tasks = 16 // enough for a few workers to end together
	tq, tk, d := o.queries(), o.keys(), o.depth()
	strips := (tq + stripRows - 1) / stripRows
	parts := max(1, min(strips, tasks/max(1, o.pairs())))
	desks := t.desks(packedLen(d, tk), packedLen(tk, d), stripLen(tk), tileLen)
	w := attentionForward{*o, desks, strips, parts}
	parallel.Share(t.workers, o.pairs()*parts, w, (*attentionForward).task)
	t.arena.Release(desks.memory)
}

// attentionForward is a forward pass, with the strips of a pair in so many
// parts.
type attentionForward struct {
	attention
	desks
	strips, parts int
}

// task computes one part of one pair.
func (o *attentionForward) task(worker, i int) {
	tq, tk := o.queries(), o.keys()
	pair, part := i/o.parts, i%o.parts
	strip, tile := o.at(worker, 2), o.at(worker, 3)
	q, y, logSums := o.head(o.q.Data, pair, tq), o.head(o.y.Data, pair, tq), o.logSums[pair*tq:][:tq]
	kT := packTransposed(o.at(worker, 0), o.head(o.k.Data, pair, tk), o.scale())
	v := pack(o.at(worker, 1), o.head(o.v.Data, pair, tk))
	for i := part * o.strips / o.parts; i < (part+1)*o.strips/o.parts; i++ {
		q, y, logSums := q.strip(i), y.strip(i), logSums[i*stripRows:]
		p := newStrip(strip, q.rows, tk)
		kT.product(p, q, nil, tile)
		var sums [stripRows]float32
		for r := range p.rows {
			row := p.row(r)
			most := kernel.Max(row)
			sums[r] = kernel.ExpSub(row, row, most)
			logSums[r] = most + float32(math.Log(float64(sums[r])))
		}
		v.product(y, p, nil, tile)
		for r := range y.rows {
			kernel.Scale(y.row(r), 1/sums[r], y.row(r))
		}
	}
}

// With everything transposed, so that a strip has the queries as its columns,
// and delta[i] = sum(c) dy[i,c]*y[i,c]:
//
//	p[j,i]  = exp(s[j,i] - logSum[i])
//	ds[j,i] = p[j,i] * (sum(c) v[j,c]*dy[i,c] - delta[i]) / sqrt(d)
//	dv[j,c] = sum(i) p[j,i]*dy[i,c]
//	dk[j,c] = sum(i) ds[j,i]*q[i,c]
//	dq[i,c] = sum(j) ds[j,i]*k[j,c]
//
// One task goes through all strips of a pair: dq is summed up over them.
func (o *attention) Backward(t *Tape) {
	tq, tk, d := o.queries(), o.keys(), o.depth()
	dq, dk, dv := t.arena.Floats(len(o.q.Data)), t.arena.Floats(len(o.k.Data)), t.arena.Floats(len(o.v.Data))
	desks := t.desks(
		packedLen(d, tq), packedLen(d, tq), packedLen(tq, d), packedLen(tq, d), packedLen(tk, d),
		tq, tq, stripLen(tq), stripLen(tq), outerLen(tq, d), tileLen)
	w := attentionBackward{o, desks, dq, dk, dv}
	parallel.Share(t.workers, o.pairs(), w, (*attentionBackward).task)
	t.arena.Release(desks.memory)
	t.addOrRelease(o.q, dq)
	t.addOrRelease(o.k, dk)
	t.addOrRelease(o.v, dv)
}

// attentionBackward is a backward pass.
type attentionBackward struct {
	*attention
	desks
	dq, dk, dv []float32
}

// task computes the gradients of one pair.
func (o *attentionBackward) task(worker, pair int) {
	tq, tk, d := o.queries(), o.keys(), o.depth()
	shift, delta, tile := o.at(worker, 5), o.at(worker, 6), o.at(worker, 10)
	q, y, dy := o.head(o.q.Data, pair, tq), o.head(o.y.Data, pair, tq), o.head(o.y.Grad, pair, tq)
	k, v := o.head(o.k.Data, pair, tk), o.head(o.v.Data, pair, tk)
	dq, dk, dv := o.head(o.dq, pair, tq), o.head(o.dk, pair, tk), o.head(o.dv, pair, tk)
	for i := range tq {
		shift[i] = -o.logSums[pair*tq+i]
		delta[i] = -o.scale() * kernel.Dot(dy.row(i), y.row(i))
	}
	qT, dyT := packTransposed(o.at(worker, 0), q, o.scale()), packTransposed(o.at(worker, 1), dy, o.scale())
	packedQ, packedDY, packedK := pack(o.at(worker, 2), q), pack(o.at(worker, 3), dy), pack(o.at(worker, 4), k)
	sums := newOuterSums(o.at(worker, 9), tq, d)
	for i := range (tk + stripRows - 1) / stripRows {
		k, v := k.strip(i), v.strip(i)
		p, ds := newStrip(o.at(worker, 7), k.rows, tq), newStrip(o.at(worker, 8), k.rows, tq)
		qT.product(p, k, shift, tile)
		dyT.product(ds, v, delta, tile)
		for r := range p.rows {
			kernel.ExpSub(p.row(r), p.row(r), 0)
			kernel.SoftmaxGrad(ds.row(r), ds.row(r), p.row(r), 0)
		}
		packedDY.product(dv.strip(i), p, nil, tile)
		packedQ.product(dk.strip(i), ds, nil, tile)
		sums.add(ds, packedK, i*stripRows)
	}
	sums.store(dq)
}

package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// BatchNormPool is BatchNorm with relu, followed by AvgPool of 2x2 windows side
// by side, for images of even height and width. It goes through memory a good
// deal less than the two: what lies between them exists for two rows of one
// image at a time, and is computed again on the way back.
func BatchNormPool(t *Tape, x, weight, bias *tensor.Tensor, stats BatchStats, training bool) *tensor.Tensor {
	if x.Shape.Rank() != 4 || x.Shape.Dim(1)%2 != 0 || x.Shape.Dim(2)%2 != 0 {
		mismatch("BatchNormPool", "(N, H, W, C) with even H and W", x.Shape)
	}
	n, h, w, c := x.Shape.Dim(0), x.Shape.Dim(1), x.Shape.Dim(2), x.Shape.Dim(3)
	o := batchNormPool{
		affine: newAffine(t, "BatchNormPool", x, weight, bias, stats, training, true),
		y:      t.arena.Tensor(tensor.Of(n, h/2, w/2, c)),
		line:   w * c, pairs: n * h / 2, perBlock: max(1, blockValues/(2*w*c)),
	}
	middle := t.arena.Floats(o.blocks() * 2 * o.line) // two rows for each block
	t.workers.For(o.blocks(), func(i int) {
		norm := middle[i*2*o.line:][:2*o.line]
		for pair := range o.block(i) {
			o.apply(norm, x.Data[2*pair*o.line:][:2*o.line])
			kernel.Halve(o.y.Data[pair*o.line/2:][:o.line/2], norm[:o.line], norm[o.line:], c)
		}
	})
	t.arena.Release(middle)
	if t.Needs(x, weight, bias) {
		*Push[batchNormPool](t, o.y) = o
	}
	return o.y
}

type batchNormPool struct {
	affine
	y        *tensor.Tensor
	line     int // values in a row of x
	pairs    int // of rows, in all images; one pair makes one row of y
	perBlock int
}

func (o *batchNormPool) blocks() int { return (o.pairs + o.perBlock - 1) / o.perBlock }

// block yields the pairs of block i.
func (o *batchNormPool) block(i int) func(yield func(pair int) bool) {
	return func(yield func(int) bool) {
		for pair := i * o.perBlock; pair < min((i+1)*o.perBlock, o.pairs); pair++ {
			if !yield(pair) {
				return
			}
		}
	}
}

// The gradient of affine.gradients, with the pooling's in front of it.
func (o *batchNormPool) Backward(t *Tape) {
	middle := t.arena.Floats(o.blocks() * 4 * o.line)
	o.gradients(t, o.blocks(), func(i int, use func(lo int, dy, y []float32)) {
		m := middle[i*4*o.line:][:4*o.line]
		norm, dnorm := m[:2*o.line], m[2*o.line:]
		for pair := range o.block(i) {
			lo := 2 * pair * o.line
			o.apply(norm, o.x.Data[lo:][:2*o.line])
			kernel.HalveGrad(dnorm[:o.line], dnorm[o.line:], o.y.Grad[pair*o.line/2:][:o.line/2], o.c)
			use(lo, dnorm, norm)
		}
	})
	t.arena.Release(middle)
}

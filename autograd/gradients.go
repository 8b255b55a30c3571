package autograd

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// The gradients of intermediate results. Memory is what they cost: so an
// operation may write the gradient of its operand over that of its result, two
// tensors may hold one buffer, and where a tensor has two gradients, its
// operation may add them up on its way.
//
// Nobody changes a gradient that is another tensor's too: take and over tell.

// A sharing counts the holders of a buffer beyond the first.
type sharing struct {
	first *float32
	more  int
}

// An addend is a gradient to be added to x.Grad.
type addend struct {
	x  *tensor.Tensor
	dx []float32
}

// A summer is an operation whose result has the gradient y.Grad + more; a nil
// more is zero. It takes over both.
type summer interface {
	Op
	backwardSum(t *Tape, more []float32)
}

// AddGrad adds dx, a buffer of the arena that it takes over, to the gradient
// of x.
func (t *Tape) AddGrad(x *tensor.Tensor, dx []float32) {
	if x.Grad == nil {
		x.Grad = dx
		return
	}
	t.sum(x, t.takeSecond(x))
	t.second = append(t.second, addend{x, dx})
}

// addOrRelease is AddGrad for an operand that may not need a gradient.
func (t *Tape) addOrRelease(x *tensor.Tensor, dx []float32) {
	if x.NeedGrad {
		t.AddGrad(x, dx)
	} else {
		t.release(dx)
	}
}

// takeSecond returns what is to be added to x.Grad, nil for nothing, and forgets
// it.
func (t *Tape) takeSecond(x *tensor.Tensor) []float32 {
	for i, s := range t.second {
		if s.x == x {
			t.second = append(t.second[:i], t.second[i+1:]...)
			return s.dx
		}
	}
	return nil
}

// sum adds more to x.Grad; it takes it over.
func (t *Tape) sum(x *tensor.Tensor, more []float32) {
	if more == nil {
		return
	}
	g := x.Grad
	if t.held(g) {
		x.Grad = t.over(more)
	}
	blocks(t, len(g), arrays{x.Grad, g, more}, addArrays)
	t.releaseUnless(g, x.Grad)
	t.releaseUnless(more, x.Grad)
}

// addArrays is y = x + z.
func addArrays(a *arrays, lo, hi int) {
	y, x, z := a.cut(lo, hi)
	kernel.Add(y, x, z)
}

// take returns the gradient of y, which y gives up. The caller releases it or
// hands it on.
func (t *Tape) take(y *tensor.Tensor) []float32 {
	dy := y.Grad
	y.Grad = nil
	return dy
}

// over returns where something may be written that is as long as g and needs g
// only value by value: g itself, unless another tensor holds it.
func (t *Tape) over(g []float32) []float32 {
	if t.held(g) {
		return t.arena.Floats(len(g))
	}
	return g
}

// held reports whether a buffer has more than one holder.
func (t *Tape) held(g []float32) bool { return t.sharing(g) >= 0 }

// sharing returns the index of a buffer with several holders, or -1.
func (t *Tape) sharing(g []float32) int {
	if len(g) > 0 {
		for i := range t.shared {
			if t.shared[i].first == &g[0] {
				return i
			}
		}
	}
	return -1
}

// share adds a holder of g.
func (t *Tape) share(g []float32) {
	if i := t.sharing(g); i >= 0 {
		t.shared[i].more++
	} else if len(g) > 0 {
		t.shared = append(t.shared, sharing{&g[0], 1})
	}
}

// release says that a holder of g is done with it.
func (t *Tape) release(g []float32) {
	i := t.sharing(g)
	if i < 0 {
		t.arena.Release(g)
		return
	}
	if t.shared[i].more--; t.shared[i].more == 0 {
		t.shared = append(t.shared[:i], t.shared[i+1:]...)
	}
}

// releaseUnless releases g unless it lives on as kept.
func (t *Tape) releaseUnless(g, kept []float32) {
	if len(g) > 0 && (len(kept) == 0 || &g[0] != &kept[0]) {
		t.release(g)
	}
}

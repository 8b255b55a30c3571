package autograd

import "github.com/AlarioAI/bitnet/tensor"

// Part returns part i of n equal ones of a parameter along its first axis. It
// is a view: what a product adds to its gradient is added to that part of w's.
func Part(t *Tape, w *tensor.Tensor, i, n int) *tensor.Tensor {
	if w.Shape.Rank() == 0 || n < 1 || i < 0 || i >= n || w.Shape.Dim(0)%n != 0 {
		mismatch("Part", "a first axis that divides into the parts", w.Shape)
	}
	size := len(w.Data) / n
	lo, hi := i*size, (i+1)*size
	v := t.arena.View(w, withDim(w.Shape, 0, w.Shape.Dim(0)/n))
	v.Data, v.NeedGrad = w.Data[lo:hi:hi], w.NeedGrad
	if t.Needs(w) {
		v.Grad = ParamGrad(w)[lo:hi:hi]
	}
	return v
}

// withDim returns the shape with another length of axis i.
func withDim(s tensor.Shape, i, length int) tensor.Shape {
	var dims [tensor.MaxRank]int
	for k := range s.Rank() {
		dims[k] = s.Dim(k)
	}
	dims[i] = length
	return tensor.Of(dims[:s.Rank()]...)
}

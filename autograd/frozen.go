package autograd

import "github.com/AlarioAI/bitnet/tensor"

// Freeze says that weights do not change until further notice: what is computed
// from them alone, such as packed codes, is kept from pass to pass. Freeze(false)
// forgets it. An evaluation of many batches packs every weight once.
func (t *Tape) Freeze(on bool) {
	switch {
	case !on:
		t.frozen = nil
		t.kept.Reset()
	case t.frozen == nil:
		t.frozen = map[*float32]any{}
		if t.kept == nil {
			t.kept = new(tensor.Arena)
		}
	}
}

// Frozen returns what was kept of the weight w on a frozen tape. A weight has one
// use in a network.
func Frozen[T any](t *Tape, w *tensor.Tensor) (made T, ok bool) {
	if t.frozen != nil && len(w.Data) > 0 {
		made, ok = t.frozen[&w.Data[0]].(T)
	}
	return made, ok
}

// Keep keeps what was made of the weight w in buffers of Still, if the tape is
// frozen. It reports whether it did: if not, the buffers may go back.
func Keep[T any](t *Tape, w *tensor.Tensor, made T) bool {
	if t.frozen == nil || len(w.Data) == 0 {
		return false
	}
	t.frozen[&w.Data[0]] = made
	return true
}

// Still returns the lender of buffers for what is made of weights: they last as
// long as the tape is frozen; on another tape, as all others.
func (t *Tape) Still() *tensor.Arena {
	if t.frozen != nil {
		return t.kept
	}
	return t.arena
}

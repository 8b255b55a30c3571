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

// Frozen returns what prepare makes of the weight w with buffers of the given
// arena: on a frozen tape, what it made when it was asked first. A weight has one
// use in a network.
func Frozen[T any](t *Tape, w *tensor.Tensor, prepare func(arena *tensor.Arena) T) T {
	if t.frozen == nil || len(w.Data) == 0 {
		return prepare(t.arena)
	}
	key := &w.Data[0]
	if kept, ok := t.frozen[key].(T); ok {
		return kept
	}
	made := prepare(t.kept)
	t.frozen[key] = made
	return made
}

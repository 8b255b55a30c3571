package nn

import (
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// Layers of chance do nothing in evaluation. In training two of them drop
// different elements, and a repetition of the step the same ones.
func TestLayersOfChance(t *testing.T) {
	x := tensor.New(64, 3)
	for i := range x.Data {
		x.Data[i] = 1
	}
	for name, layer := range map[string]Layer{"Dropout": Dropout{P: 0.5}, "StochasticDepth": StochasticDepth{P: 0.5}} {
		if layer.Forward(Eval(), x) != x {
			t.Errorf("%s: changes values in evaluation", name)
		}
		step := func(n uint64) (first, second []float32) {
			ctx := &Context{Tape: autograd.Untaped(), Training: true, Seed: 1, Step: n}
			return layer.Forward(ctx, x).Data, layer.Forward(ctx, x).Data
		}
		a, b := step(1)
		again, _ := step(1)
		next, _ := step(2)
		if slices.Equal(a, b) || slices.Equal(a, next) || !slices.Equal(a, again) {
			t.Errorf("%s: two layers %v, %v; again %v; the next step %v", name, a, b, again, next)
		}
		if slices.Max(a) != 2 || slices.Min(a) != 0 {
			t.Errorf("%s: values from %v to %v, want 0 and 2", name, slices.Min(a), slices.Max(a))
		}
	}
}

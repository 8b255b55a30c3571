package models

import (
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A training step after the first few allocates next to nothing: what is left are
// random streams and the like.
func TestStepAllocatesLittle(t *testing.T) {
	const most = 100
	pool := parallel.New(2)
	defer pool.Close()
	for _, name := range append(families(), "feedforward", "lenet5") {
		for _, recipe := range []quant.Recipe{quant.Float, quant.B158BF16} {
			model, o := smallest(name)
			if name == "feedforward" {
				o = Options{Classes: 10, Channels: 1, Size: 28, Seed: 1}
				model = MustNew(name, o)
			}
			if n := allocationsOfStep(pool, nn.Swap(model, recipe), o); n >= most {
				t.Errorf("%s, %v: %v allocations in a step, want less than %d", name, recipe, n, most)
			}
		}
	}
}

func allocationsOfStep(pool *parallel.Pool, model nn.Layer, o Options) float64 {
	tape := autograd.NewTape(pool)
	adam := optim.Adam{LR: 1e-3}.Start(nn.Tensors(nn.Parameters(model)))
	x, labels := tensor.Normal(tensor.NewStream(1, "images"), 4, o.Size, o.Size, o.Channels), []int32{3, 0, 9, 1}
	step := func() {
		tape.Reset()
		ctx := &nn.Context{Tape: tape, Training: true, Step: uint64(adam.Steps)}
		tape.Backward(autograd.CrossEntropy(tape, model.Forward(ctx, x), labels))
		adam.Step(pool)
	}
	for range 3 {
		step()
	}
	return testing.AllocsPerRun(2, step)
}

package models

import (
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A training step, with dropout and stochastic depth, has the same bits for any
// number of workers.
func TestSameBitsForAnyNumberOfWorkers(t *testing.T) {
	families := []string{"resnet18", "se_resnet50", "resnext50_32x4d", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "vit_b_32", "crossvit"}
	if testing.Short() {
		families = []string{"mobilenet_v3_small"}
	}
	for _, name := range families {
		o := Options{Classes: 10, Channels: 3, Size: 64, Seed: 1}
		if name == "crossvit" {
			o.Size = 112
		}
		float := MustNew(name, o)
		for _, recipe := range []quant.Recipe{quant.Float, quant.B158} {
			var want []uint32
			for _, workers := range []int{1, 2, 3} {
				got := step(nn.Swap(nn.Clone(float), recipe), workers, o.Size)
				if want == nil {
					want = got
				}
				for i := range want {
					if got[i] != want[i] {
						t.Errorf("%s, %v: value %d of loss and gradients differs between 1 worker and %d", name, recipe, i, workers)
						break
					}
				}
			}
		}
	}
}

// step returns the bits of loss and gradients of one training step.
func step(model nn.Layer, workers, size int) (bits []uint32) {
	pool := parallel.New(workers)
	defer pool.Close()
	tape := autograd.NewTape(pool)
	x := tensor.Normal(tensor.NewStream(1, "images"), 3, size, size, 3)
	ctx := &nn.Context{Tape: tape, Training: true, Seed: 2}
	loss := autograd.CrossEntropy(tape, model.Forward(ctx, x), []int32{3, 0, 9})
	tape.Backward(loss)
	bits = append(bits, math.Float32bits(loss.Data[0]))
	for _, p := range nn.Parameters(model) {
		for _, g := range p.Grad {
			bits = append(bits, math.Float32bits(g))
		}
	}
	return bits
}

package models

import (
	"math"
	"slices"
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
	for _, name := range families() {
		float, o := smallest(name)
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

// families returns an architecture of each family; in short mode, one.
func families() []string {
	if testing.Short() {
		return []string{"mobilenet_v3_small"}
	}
	return []string{"resnet18", "se_resnet50", "resnext50_32x4d", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "vit_b_32", "crossvit"}
}

// smallest returns a network for small images.
func smallest(name string) (nn.Layer, Options) {
	o := Options{Classes: 10, Channels: 3, Size: 64, Seed: 1}
	if name == "crossvit" {
		o.Size = 112
	}
	return MustNew(name, o), o
}

// An evaluation computes norms, shortcuts and activations as products are stored
// and packs weights once: with the bits of the layers one by one.
func TestEvaluationOnTheWay(t *testing.T) {
	pool := parallel.New(2)
	defer pool.Close()
	names := append(families(), "lenet5")
	if !testing.Short() {
		names = append(names, "resnet50")
	}
	for _, name := range names {
		float, o := smallest(name)
		for _, recipe := range quant.Recipes() {
			model := nn.Swap(nn.Clone(float), recipe)
			tape := autograd.NewTape(pool)
			logits := func(n int, training bool) []float32 {
				tape.Reset()
				x := tensor.Normal(tensor.NewStream(uint64(n), "images"), n, o.Size, o.Size, o.Channels)
				return slices.Clone(model.Forward(&nn.Context{Tape: tape, Training: training}, x).Data)
			}
			logits(3, true) // for running statistics that are not 0 and 1
			for _, n := range []int{1, 3, 9} {
				tape.Record(true)
				want := logits(n, false)
				tape.Record(false)
				for _, frozen := range []bool{false, true} {
					tape.Freeze(frozen)
					if got := logits(n, false); !slices.Equal(got, want) {
						t.Errorf("%s, %v, %d images, frozen %t: logits %v, want %v", name, recipe, n, frozen, got, want)
					}
				}
				tape.Freeze(false)
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

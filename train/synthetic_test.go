package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// newSet makes a data set of noise in which the pixels of a class are a little
// brighter in one column.
func newSet(training, test, size int) *data.Set {
	part := func(name string, n int) *data.Images {
		rng := tensor.NewStream(7, name)
		m := &data.Images{N: n, H: size, W: size, C: 1, Pixels: make([]uint8, n*size*size), Labels: make([]int32, n)}
		for i := range m.Pixels {
			m.Pixels[i] = uint8(rng.Intn(200))
		}
		for i := range m.Labels {
			m.Labels[i] = int32(rng.Intn(10))
			for y := range size {
				m.Image(i)[y*size+int(m.Labels[i])%size] += 55
			}
		}
		return m
	}
	set := &data.Set{Name: "noise", Classes: 10, Train: part("train", training), Test: part("test", test)}
	set.Mean, set.Std = set.Train.MeanStd()
	return set
}

// A setup is a run: Run changes its model, so it is made anew each time.
type setup struct {
	architecture string
	recipe       quant.Recipe
	set          *data.Set
	config       Config
}

func (s setup) model() nn.Layer {
	o := models.Options{Classes: s.set.Classes, Channels: s.set.Train.C, Size: s.set.Train.H, Seed: s.config.Seed}
	return nn.Swap(models.MustNew(s.architecture, o), s.recipe)
}

// small has three steps in an epoch, the last of them not a full batch.
func small() setup {
	return setup{"lenet5", quant.B158, newSet(50, 20, 12), Config{Epochs: 3, Batch: 16, Optimizer: optim.Adam{LR: 0.01}, Seed: 5, Workers: 1}}
}

// An outcome is everything about a finished run that has to be the same when it
// is repeated.
type outcome struct {
	Result  Result // without times
	Weights []float32
}

func (s setup) run(ctx context.Context) (outcome, error) {
	model := s.model()
	result, err := Run(ctx, model, s.set, s.config)
	for i := range result.Epochs {
		result.Epochs[i].Seconds, result.Epochs[i].ImagesPerSecond = 0, 0
	}
	o := outcome{Result: result}
	for _, p := range slices.Concat(nn.Parameters(model), nn.Buffers(model)) {
		o.Weights = append(o.Weights, p.Data...)
	}
	return o, err
}

func (s setup) mustRun(t *testing.T) outcome {
	t.Helper()
	o, err := s.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// expectEqual compares bit for bit.
func expectEqual(t *testing.T, what string, got, want outcome) {
	t.Helper()
	if !slices.Equal(got.Result.Epochs, want.Result.Epochs) {
		t.Errorf("%s: epochs %+v, want %+v", what, got.Result.Epochs, want.Result.Epochs)
	}
	got.Result.Epochs, want.Result.Epochs = nil, nil
	if got.Result.TestLoss != want.Result.TestLoss || got.Result.TestAccuracy != want.Result.TestAccuracy || got.Result.BestEpoch != want.Result.BestEpoch {
		t.Errorf("%s: result %+v, want %+v", what, got.Result, want.Result)
	}
	for i := range want.Weights {
		if math.Float32bits(got.Weights[i]) != math.Float32bits(want.Weights[i]) {
			t.Fatalf("%s: weight %d is %v, want %v", what, i, got.Weights[i], want.Weights[i])
		}
	}
}

package experiment

import (
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// newSet makes a data set of noise.
func newSet(name string) *data.Set {
	part := func(purpose string, n int) *data.Images {
		const size = 12
		rng := tensor.NewStream(3, purpose)
		m := &data.Images{N: n, H: size, W: size, C: 1, Pixels: make([]uint8, n*size*size), Labels: make([]int32, n)}
		for i := range m.Pixels {
			m.Pixels[i] = uint8(rng.Intn(256))
		}
		for i := range m.Labels {
			m.Labels[i] = int32(rng.Intn(10))
		}
		return m
	}
	set := &data.Set{Name: name, Classes: 10, Train: part("train", 40), Test: part("test", 20)}
	set.Mean, set.Std = set.Train.MeanStd()
	return set
}

func openNoise(s Source) (*data.Set, error) { return newSet(s.Name), nil }

// small has eight runs of two epochs of four steps.
func small() *Config {
	settings := Settings{Epochs: 2, BatchSize: 8, LearningRate: 0.01}
	return &Config{
		Data:          []Source{{Name: "noise"}},
		Architectures: []Architecture{{"feedforward", settings}, {"lenet5", settings}},
		Recipes:       []quant.Recipe{quant.Float, quant.B158},
		Seeds:         []uint64{0, 4},
	}
}

// finished returns the records of a store without times.
func finished(t *testing.T, dir string) []Record {
	t.Helper()
	records, _, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		for i := range r.Result.Epochs {
			r.Result.Epochs[i].Seconds, r.Result.Epochs[i].ImagesPerSecond = 0, 0
		}
	}
	return records
}

// execute does an experiment and returns which runs that took.
func execute(t *testing.T, c *Config, dir string) []Key {
	t.Helper()
	var done []Key
	o := Options{Open: openNoise, OnStart: func(task Task) { done = append(done, task.Key) }}
	if err := Execute(t.Context(), c, dir, o); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(done, Key.Compare)
	return done
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A workload is a benchmark: one batch of random images in memory, again and
// again.
type workload struct {
	Mode         string // train: forward, backward and Adam step; eval: forward in evaluation mode
	Architecture string
	Size, Batch  int
	Recipe       quant.Recipe
}

const workloadClasses = 10

// String returns MODE/ARCHITECTURE/SIZE/BATCH/RECIPE.
func (w workload) String() string {
	return fmt.Sprintf("%s/%s/%d/%d/%v", w.Mode, w.Architecture, w.Size, w.Batch, w.Recipe)
}

// parseWorkload is the inverse of String.
func parseWorkload(name string) (w workload, err error) {
	parts := strings.Split(name, "/")
	if len(parts) != 5 {
		return w, errors.New("want MODE/ARCHITECTURE/SIZE/BATCH/RECIPE, as in train/lenet5/28/256/b158")
	}
	w.Mode, w.Architecture = parts[0], parts[1]
	if w.Mode != "train" && w.Mode != "eval" {
		return w, fmt.Errorf("mode %q, want train or eval", w.Mode)
	}
	if w.Size, err = strconv.Atoi(parts[2]); err != nil || w.Size < 1 {
		return w, fmt.Errorf("size %q, want a number of pixels", parts[2])
	}
	if w.Batch, err = strconv.Atoi(parts[3]); err != nil || w.Batch < 1 {
		return w, fmt.Errorf("batch size %q, want a positive number", parts[3])
	}
	if w.Recipe, err = quant.Parse(parts[4]); err != nil {
		return w, err
	}
	_, err = models.Blank(w.Architecture, w.options())
	return w, err
}

// everyWorkload returns the names of workloads of all architectures, at the
// smallest usual size that each takes.
func everyWorkload() (names []string) {
	for _, e := range models.All() {
		size, batch := 64, 16
		switch {
		case e.Default.Size == 28:
			size, batch = 28, 256
		case e.Name == "crossvit":
			size = 112
		}
		for _, mode := range []string{"train", "eval"} {
			for _, recipe := range []quant.Recipe{quant.Float, quant.B158} {
				names = append(names, workload{mode, e.Name, size, batch, recipe}.String())
			}
		}
	}
	return names
}

// options of the network: images are grey where the network is made for
// handwritten digits, and of three colours elsewhere.
func (w workload) options() models.Options {
	channels := 3
	if w.Architecture == "feedforward" || w.Architecture == "lenet5" && w.Size == 28 {
		channels = 1
	}
	return models.Options{Classes: workloadClasses, Channels: channels, Size: w.Size}
}

// run works on the workload for about the given time and returns the images
// per second.
func (w workload) run(ctx context.Context, threads int, d time.Duration) (float64, error) {
	o := w.options()
	model, err := models.New(w.Architecture, o)
	if err != nil {
		return 0, err
	}
	model = nn.Swap(model, w.Recipe)
	rng := tensor.NewStream(0, "workload")
	images := tensor.Normal(rng, w.Batch, o.Size, o.Size, o.Channels)
	labels := make([]int32, w.Batch)
	for i := range labels {
		labels[i] = int32(rng.Intn(workloadClasses))
	}
	workers := parallel.New(threads)
	defer workers.Close()
	step := evaluation(model, images, workers)
	if w.Mode == "train" {
		step = training(model, images, labels, workers)
	}
	rate, err := measure(ctx, step, d)
	return rate * float64(w.Batch), err
}

// evaluation returns a step that computes the logits.
func evaluation(model nn.Layer, images *tensor.Tensor, workers *parallel.Pool) func() {
	tape := autograd.NewTape(workers)
	tape.Record(false)
	return func() {
		tape.Reset()
		model.Forward(&nn.Context{Tape: tape}, images)
	}
}

// training returns a step that goes forward and backward and updates the
// weights.
func training(model nn.Layer, images *tensor.Tensor, labels []int32, workers *parallel.Pool) func() {
	adam := optim.Adam{LR: 1e-3}.Start(nn.Tensors(nn.Parameters(model)))
	tape := autograd.NewTape(workers)
	return func() {
		tape.Reset()
		ctx := &nn.Context{Tape: tape, Training: true, Step: uint64(adam.Steps)}
		tape.Backward(autograd.CrossEntropy(tape, model.Forward(ctx, images), labels))
		adam.Step(workers)
	}
}

// measure returns the steps per second in the best of five slices of the time:
// what the code can do when nobody else is on the machine. Two steps before
// that are not counted.
func measure(ctx context.Context, step func(), d time.Duration) (best float64, err error) {
	step()
	step()
	for spent := time.Duration(0); spent < d || best == 0; {
		if ctx.Err() != nil {
			return 0, errors.New("interrupted")
		}
		n, start := 0, time.Now()
		took := time.Duration(0)
		for n == 0 || took < d/5 {
			step()
			n++
			took = time.Since(start)
		}
		best = max(best, float64(n)/took.Seconds())
		spent += took
	}
	return best, nil
}

package benchmark

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

// A Workload is one batch of random images in memory, again and again.
type Workload struct {
	Mode         string // train: forward, backward and Adam step; eval: forward in evaluation mode
	Architecture string
	Size, Batch  int
	Recipe       quant.Recipe
}

const workloadClasses = 10

// String returns MODE/ARCHITECTURE/SIZE/BATCH/RECIPE.
func (w Workload) String() string {
	return fmt.Sprintf("%s/%s/%d/%d/%v", w.Mode, w.Architecture, w.Size, w.Batch, w.Recipe)
}

// ParseWorkload is the inverse of String.
func ParseWorkload(name string) (w Workload, err error) {
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

// EveryWorkload returns the names of workloads of all architectures, at the
// smallest usual size that each takes.
func EveryWorkload() (names []string) {
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
				names = append(names, Workload{mode, e.Name, size, batch, recipe}.String())
			}
		}
	}
	return names
}

// options of the network: images are grey where the network is made for
// handwritten digits, and of three colours elsewhere.
func (w Workload) options() models.Options {
	channels := 3
	if w.Architecture == "feedforward" || w.Architecture == "lenet5" && w.Size == 28 {
		channels = 1
	}
	return models.Options{Classes: workloadClasses, Channels: channels, Size: w.Size}
}

// A Rate is how fast a workload is and what it costs.
type Rate struct {
	ImagesPerSecond float64  `json:"images_per_second"`
	Allocations     float64  `json:"allocations_per_step"` // after two steps, as the rest
	Bytes           float64  `json:"bytes_per_step"`       // allocated
	HeapGrowth      int64    `json:"heap_growth_bytes"`    // of what is still in use at the end
	GC              float64  `json:"gc_share"`             // of the time of all processors
	PeakMB          *float64 `json:"peak_mb,omitempty"`    // 10^6 bytes of the process so far, where the system tells it
	Wait            *float64 `json:"wait_share,omitempty"` // of the time of a training that waits for its loader
}

// Run works on the workload for about the given time, and for a fifth of it on
// images from a loader if it is a training.
func (w Workload) Run(ctx context.Context, threads int, d time.Duration) (r Rate, err error) {
	o := w.options()
	model, err := models.New(w.Architecture, o)
	if err != nil {
		return r, err
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
	step := evaluation(model, workers)
	if w.Mode == "train" {
		step = training(model, workers)
	}
	again := func() { step(images, labels) }
	again()
	again()
	var m meter
	m.start()
	best, steps, err := measure(ctx, d, nil, again)
	if err != nil {
		return r, err
	}
	m.stop(&r, steps)
	r.ImagesPerSecond = float64(w.Batch) / best.Seconds()
	r.PeakMB = peakMB()
	if w.Mode == "train" {
		wait, err := w.wait(ctx, d/parts, step)
		if err != nil {
			return r, err
		}
		r.Wait = &wait
	}
	return r, nil
}

// evaluation returns a step that computes the logits.
func evaluation(model nn.Layer, workers *parallel.Pool) func(*tensor.Tensor, []int32) {
	tape := autograd.NewTape(workers)
	tape.Record(false)
	tape.Freeze(true)
	return func(images *tensor.Tensor, _ []int32) {
		tape.Reset()
		model.Forward(&nn.Context{Tape: tape}, images)
	}
}

// training returns a step that goes forward and backward and updates the
// weights.
func training(model nn.Layer, workers *parallel.Pool) func(*tensor.Tensor, []int32) {
	adam := optim.Adam{LR: 1e-3}.Start(nn.Tensors(nn.Parameters(model)))
	tape := autograd.NewTape(workers)
	return func(images *tensor.Tensor, labels []int32) {
		tape.Reset()
		ctx := &nn.Context{Tape: tape, Training: true, Step: uint64(adam.Steps)}
		tape.Backward(autograd.CrossEntropy(tape, model.Forward(ctx, images), labels))
		adam.Step(workers)
	}
}

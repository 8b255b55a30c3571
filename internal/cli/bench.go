package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

type benchCommand struct {
	JSON      bool     `name:"json" help:"Print a line of JSON for each workload."`
	All       bool     `help:"Measure training and evaluation of every architecture, float and b158, at 28 to 112 pixels."`
	Seconds   float64  `default:"5" help:"Time for each workload."`
	Threads   int      `help:"Number of threads (default: all processors)."`
	Workloads []string `arg:"" optional:"" name:"workload" help:"MODE/ARCHITECTURE/SIZE/BATCH/RECIPE, where MODE is train or eval (default: train and eval of feedforward and lenet5 at 28 pixels, batches of 256, float and b158)."`
}

// Help is shown below the flags.
func (benchCommand) Help() string {
	return `Trains or evaluates on one batch of random images in memory and prints how many images it takes in a second, in the best of five slices of the time.

Example:

    bitnet bench --seconds 2 train/resnet18/32/128/float train/resnet18/32/128/b158`
}

// Validate checks the flags.
func (c benchCommand) Validate() error {
	if !(c.Seconds > 0 && c.Seconds <= 3600) {
		return fmt.Errorf("--seconds %g, want more than 0 and at most 3600", c.Seconds)
	}
	if c.Threads < 0 {
		return fmt.Errorf("--threads %d, want at least 1", c.Threads)
	}
	return nil
}

// A rate is what the benchmark of one workload prints as JSON.
type rate struct {
	Workload        string  `json:"workload"`
	ImagesPerSecond float64 `json:"images_per_second"`
	Threads         int     `json:"threads"`
	Engine          string  `json:"engine"`
}

func (c benchCommand) Run(t *terminal) error {
	if c.All {
		c.Workloads = append(c.Workloads, everyWorkload()...)
	}
	workloads, err := parseWorkloads(c.Workloads)
	if err != nil {
		return usageError{err}
	}
	width := 0
	for _, w := range workloads {
		width = max(width, len(w.String()))
	}
	r := rate{Threads: c.Threads, Engine: fmt.Sprintf("%s %v", t.program(), cpu.Current())}
	if r.Threads == 0 {
		r.Threads = runtime.GOMAXPROCS(0)
	}
	if !c.JSON {
		t.log("%s, threads: %d", r.Engine, r.Threads)
		fmt.Fprintf(t.stdout, "%-*s  %12s  %12s\n", width, "workload", "images/s", "ms/batch")
	}
	for _, w := range workloads {
		perSecond, err := w.run(t, r.Threads, time.Duration(c.Seconds*float64(time.Second)))
		if err != nil {
			return err
		}
		if !c.JSON {
			fmt.Fprintf(t.stdout, "%-*s  %12.0f  %12.3f\n", width, w, perSecond, 1e3*float64(w.Batch)/perSecond)
			continue
		}
		r.Workload, r.ImagesPerSecond = w.String(), math.Round(100*perSecond)/100
		if err := json.NewEncoder(t.stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// parseWorkloads returns the workloads of the given names, or if there are none
// those that are worth a look.
func parseWorkloads(names []string) (all []workload, err error) {
	if len(names) == 0 {
		names = []string{
			"train/feedforward/28/256/float", "train/feedforward/28/256/b158", "train/lenet5/28/256/float", "train/lenet5/28/256/b158",
			"eval/feedforward/28/256/float", "eval/feedforward/28/256/b158", "eval/lenet5/28/256/float", "eval/lenet5/28/256/b158",
		}
	}
	for _, name := range names {
		w, err := parseWorkload(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, w)
	}
	return all, nil
}

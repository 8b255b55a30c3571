package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/AlarioAI/bitnet/internal/benchmark"
	"github.com/AlarioAI/bitnet/internal/cpu"
)

type benchCommand struct {
	benchFlags
	Workloads benchWorkloadsCommand `cmd:"" default:"withargs" help:"Measure the speed of training and evaluation (default)."`
	Peak      benchPeakCommand      `cmd:"" help:"Measure what the processor can do at most."`
	Kernels   benchKernelsCommand   `cmd:"" help:"Measure the kernels and their share of what the processor can do."`
	Loader    benchLoaderCommand    `cmd:"" help:"Measure the loader of data."`
}

// Help is shown below the flags.
func (benchCommand) Help() string {
	return `Examples:

    bitnet bench --seconds 2 train/resnet18/32/128/float train/resnet18/32/128/b158
    bitnet bench peak
    bitnet bench kernels --roofline roofline.svg`
}

// benchFlags are those of all benchmarks.
type benchFlags struct {
	JSON    bool     `name:"json" help:"Print lines of JSON."`
	Seconds *float64 `placeholder:"S" help:"Time for each workload (default: 5), peak or loader (1) or kernel (0.5)."`
	Threads int      `help:"Number of threads (default: all processors)."`
}

// Validate checks the flags.
func (f benchFlags) Validate() error {
	if f.Seconds != nil && !(*f.Seconds > 0 && *f.Seconds <= 3600) {
		return fmt.Errorf("--seconds %g, want more than 0 and at most 3600", *f.Seconds)
	}
	if f.Threads < 0 {
		return fmt.Errorf("--threads %d, want at least 1", f.Threads)
	}
	return nil
}

// time returns --seconds, or else the given ones.
func (f benchFlags) time(seconds float64) time.Duration {
	if f.Seconds != nil {
		seconds = *f.Seconds
	}
	return time.Duration(seconds * float64(time.Second))
}

// threads returns --threads, or else the number of processors.
func (f benchFlags) threads() int {
	if f.Threads == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return f.Threads
}

// atOnce returns an error if there are more threads than processors to run them:
// peaks are those of threads that are all at work.
func (f benchFlags) atOnce() error {
	if n := runtime.GOMAXPROCS(0); f.Threads > n {
		return usageError{fmt.Errorf("--threads %d, want at most %d, which run at once", f.Threads, n)}
	}
	return nil
}

// An engine is what a line of JSON says of the program.
type engine struct {
	Threads int    `json:"threads"`
	Engine  string `json:"engine"`
}

// engine describes what is measured. Without --json it goes to standard error.
func (f benchFlags) engine(t *terminal) engine {
	e := engine{f.threads(), fmt.Sprintf("%s %v", t.program(), cpu.Current())}
	if !f.JSON {
		t.log("%s, threads: %d", e.Engine, e.Threads)
	}
	return e
}

type benchWorkloadsCommand struct {
	All       bool     `help:"Measure training and evaluation of every architecture, float and b158, at 28 to 112 pixels."`
	Workloads []string `arg:"" optional:"" name:"workload" help:"MODE/ARCHITECTURE/SIZE/BATCH/RECIPE, where MODE is train or eval (default: train and eval of feedforward and lenet5 at 28 pixels, batches of 256, float and b158)."`
}

// Help is shown below the flags.
func (benchWorkloadsCommand) Help() string {
	return `Trains or evaluates on one batch of random images in memory and prints how many images it takes in a second, in the best of five slices of the time. Beside that: what a step allocates once two steps are done, how much the heap has grown, the collector's share of the processors' time, and the most memory that the process has had, on Linux: where several workloads are named, with those before it. A training goes on for a fifth of the time with batches from a loader (shuffled and normalised; cropped and mirrored at 32 pixels), and the share of that in which it waits for them is printed.

Example:

    bitnet bench --seconds 2 train/resnet18/32/128/float train/resnet18/32/128/b158`
}

// A workloadRate is what is printed of a workload as JSON.
type workloadRate struct {
	Workload string `json:"workload"`
	benchmark.Rate
	engine
}

func (c benchWorkloadsCommand) Run(t *terminal, b *benchCommand) error {
	if c.All {
		c.Workloads = append(c.Workloads, benchmark.EveryWorkload()...)
	}
	workloads, err := parseWorkloads(c.Workloads)
	if err != nil {
		return usageError{err}
	}
	width := 0
	for _, w := range workloads {
		width = max(width, len(w.String()))
	}
	e := b.engine(t)
	if !b.JSON {
		fmt.Fprintf(t.stdout, "%-*s  %9s  %9s  %11s  %9s  %8s  %6s  %8s  %6s\n", width, "workload",
			"images/s", "ms/batch", "allocs/step", "kB/step", "heap +kB", "GC %", "peak MB", "wait %")
	}
	for _, w := range workloads {
		r, err := w.Run(t, e.Threads, b.time(5))
		if err != nil {
			return err
		}
		if b.JSON {
			r.ImagesPerSecond = math.Round(100*r.ImagesPerSecond) / 100
			if err := json.NewEncoder(t.stdout).Encode(workloadRate{w.String(), r, e}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(t.stdout, "%-*s  %9.0f  %9.3f  %11.1f  %9.1f  %8.1f  %6.2f  %8s  %6s\n", width, w,
			r.ImagesPerSecond, 1e3*float64(w.Batch)/r.ImagesPerSecond, r.Allocations, r.Bytes/1e3,
			float64(r.HeapGrowth)/1e3, 100*r.GC, numberOr(r.PeakMB, "%.0f", 1), numberOr(r.Wait, "%.2f", 100))
	}
	return nil
}

// numberOr prints a number, or a dash for one that there is not.
func numberOr(x *float64, format string, scale float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf(format, scale**x)
}

// parseWorkloads returns the workloads of the given names, or if there are none
// those that are worth a look.
func parseWorkloads(names []string) (all []benchmark.Workload, err error) {
	if len(names) == 0 {
		names = []string{
			"train/feedforward/28/256/float", "train/feedforward/28/256/b158", "train/lenet5/28/256/float", "train/lenet5/28/256/b158",
			"eval/feedforward/28/256/float", "eval/feedforward/28/256/b158", "eval/lenet5/28/256/float", "eval/lenet5/28/256/b158",
		}
	}
	for _, name := range names {
		w, err := benchmark.ParseWorkload(name)
		if err != nil && !strings.Contains(name, "/") {
			return nil, fmt.Errorf("%s: want peak, kernels, loader or a workload as train/lenet5/28/256/b158", name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, w)
	}
	return all, nil
}

type benchPeakCommand struct{}

// Help is shown below the flags.
func (benchPeakCommand) Help() string {
	return `Measures with all threads at once: multiply-adds in registers of float32, of bytes (as the product of codes does them) and, where the processor has an instruction for it, of bfloat16; and how fast memory is read, written and copied, by each thread in a part of its own. A multiplication and an addition are two operations. A copy counts the bytes read and the bytes written. Each is the best of five slices of the time.

Example:

    bitnet bench peak --threads 1`
}

func (benchPeakCommand) Run(t *terminal, b *benchCommand) error {
	if err := b.atOnce(); err != nil {
		return err
	}
	e := b.engine(t)
	p, err := benchmark.MeasurePeaks(t, e.Threads, b.time(1))
	if err != nil {
		return err
	}
	return b.printPeaks(t, p, e)
}

// printPeaks prints a line of JSON, or a table.
func (f benchFlags) printPeaks(t *terminal, p benchmark.Peaks, e engine) error {
	if f.JSON {
		return json.NewEncoder(t.stdout).Encode(struct {
			benchmark.Peaks
			engine
		}{p, e})
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "float32\t%.1f\tGFLOP/s\t\n", p.F32)
	fmt.Fprintf(w, "int8\t%.1f\tGOP/s\t\n", p.Int8)
	if p.BF16 > 0 {
		fmt.Fprintf(w, "bfloat16\t%.1f\tGFLOP/s\t\n", p.BF16)
	}
	fmt.Fprintf(w, "read\t%.1f\tGB/s\t\n", p.Read)
	fmt.Fprintf(w, "write\t%.1f\tGB/s\t\n", p.Write)
	fmt.Fprintf(w, "copy\t%.1f\tGB/s\t\n", p.Copy)
	return w.Flush()
}

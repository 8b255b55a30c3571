package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/AlarioAI/bitnet/internal/benchmark"
	"github.com/AlarioAI/bitnet/internal/durable"
)

type benchKernelsCommand struct {
	Roofline string   `placeholder:"FILE" help:"Draw the kernels below the roofs of arithmetic and memory, as an SVG."`
	Kernels  []string `arg:"" optional:"" name:"kernel" help:"Beginnings of the kernels' names, such as conv3x3 or conv3x3/64to64 (default: all)."`
}

// Help is shown below the flags.
func (benchKernelsCommand) Help() string {
	return `Measures the products, the convolutions and the passes over memory that training consists of, on operands of the size of real layers, and prints their share of the peak that bounds them: of arithmetic, or of memory. The peaks are those of bench peak, measured in between.

A kernel's name is made of what it computes, the channels, the size of its images, the number of samples, the arithmetic and the pass: forward, or the gradient of the input (dx) or of the weight (dw). Packing the weight is part of it where each training step does it. Products with padding count as operations. The bytes are those that are read and written at least: each operand once, each result once. The share of memory is that of the least time for them, in which reading and writing go on side by side as they do in a copy, and is the median of five slices of the time, each compared with the memory's speed just before and after it: where others use the memory, it changes within seconds. Depthwise convolutions are bound by memory unless their operations take longer at the peak of float32, as those of 5x5 do on most processors.

Example:

    bitnet bench kernels --roofline roofline.svg conv3x3 adam`
}

func (c benchKernelsCommand) Run(t *terminal, b *benchCommand) error {
	cases, err := benchmark.Select(c.Kernels)
	if err != nil {
		return usageError{err}
	}
	if err := b.atOnce(); err != nil {
		return err
	}
	e, d := b.engine(t), b.time(0.5)
	if !b.JSON {
		t.log("kernels: %d, which takes about %.0f s", len(cases), 2*d.Seconds()*float64(len(cases)))
	}
	all, peaks, err := benchmark.MeasureCases(t, cases, e.Threads, d)
	if err != nil {
		return err
	}
	if err := b.printPeaks(t, peaks, e); err != nil {
		return err
	}
	if err := b.printMeasurements(t, all, e); err != nil || c.Roofline == "" {
		return err
	}
	return durable.WriteFile(c.Roofline, 0o666, func(w io.Writer) error { return benchmark.Roofline(w, peaks, all) })
}

// printMeasurements prints a line of JSON for each, or a table.
func (f benchFlags) printMeasurements(t *terminal, all []benchmark.Measurement, e engine) error {
	if f.JSON {
		for _, m := range all {
			if err := json.NewEncoder(t.stdout).Encode(struct {
				benchmark.Measurement
				engine
			}{m, e}); err != nil {
				return err
			}
		}
		return nil
	}
	width := 0
	for _, m := range all {
		width = max(width, len(m.Kernel))
	}
	fmt.Fprintf(t.stdout, "\n%-*s  %8s  %7s  %7s  %7s  %-8s  %7s\n", width, "kernel", "ms", "GOP/s", "GB/s", "OP/byte", "bound", "share %")
	for _, m := range all {
		fmt.Fprintf(t.stdout, "%-*s  %8.3f  %7.1f  %7.1f  %7.1f  %-8s  %7.0f\n", width, m.Kernel,
			1e3*m.Seconds, m.Gops, m.GBytes, m.Intensity, m.Bound, 100*m.Share)
	}
	return nil
}

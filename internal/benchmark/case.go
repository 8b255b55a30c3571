package benchmark

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/AlarioAI/bitnet/internal/parallel"
)

// A Bound is what limits a kernel.
type Bound string

// The bounds.
const (
	F32    Bound = "float32"
	Int8   Bound = "int8"
	BF16   Bound = "bfloat16"
	Memory Bound = "memory"
)

// A Case is a kernel, or a pass of an operation, on operands of one shape.
type Case struct {
	Name          string  // what/shape/number of samples/arithmetic/pass, where they say anything
	Bound                 // its arithmetic, or Memory if it has few operations for each value
	Ops           float64 // multiplications, additions and other functions of floats
	Reads, Writes float64 // bytes: each operand read once, each result written once

	// prepare makes the operands. It returns the pass and what goes before it,
	// or nil, each time and uncounted.
	prepare func(workers *parallel.Pool) (before, step func())
}

// least returns how many seconds the case takes at least, with these peaks, and
// what bounds it: the peak of its arithmetic, or else the memory that it reads
// and writes at the same time, unless its float32 operations take longer at
// their peak.
func (c Case) least(p Peaks) (Bound, float64) {
	float := c.Ops / p.F32 / 1e9
	switch c.Bound {
	case Memory:
		memory := max(c.Reads/p.Read, c.Writes/p.Write, (c.Reads+c.Writes)/p.Copy) / 1e9
		if float > memory {
			return F32, float
		}
		return Memory, memory
	case Int8:
		return Int8, c.Ops / p.Int8 / 1e9
	case BF16:
		return BF16, c.Ops / max(p.BF16, p.F32) / 1e9 // done in float32 where there is no instruction
	}
	return F32, float
}

// A Measurement is how fast a case is.
type Measurement struct {
	Kernel    string  `json:"kernel"`
	Seconds   float64 `json:"seconds"`
	Gops      float64 `json:"gops"`   // 10^9 operations per second
	GBytes    float64 `json:"gbytes"` // 10^9 bytes read and written per second
	Intensity float64 `json:"ops_per_byte"`
	Bound     Bound   `json:"bound"`
	Share     float64 `json:"share"` // of the peak of the bound
}

// MeasureCases measures each case for about the given time on so many threads,
// and the peaks in between.
func MeasureCases(ctx context.Context, cases []Case, threads int, d time.Duration) ([]Measurement, Peaks, error) {
	workers := parallel.New(threads)
	defer workers.Close()
	g, all := newGauge(threads), make([]Measurement, len(cases))
	for i, c := range cases {
		// Enough samples in a table of a few rows, not too many in a long one.
		for range 1 + parts/len(cases) {
			if err := g.sample(ctx, d/(4*parts)); err != nil {
				return nil, Peaks{}, err
			}
		}
		before, step := c.prepare(workers)
		stopwatch(before, step)
		stopwatch(before, step)
		best, _, err := measure(ctx, d, before, step)
		if err != nil {
			return nil, Peaks{}, err
		}
		all[i] = c.measured(best.Seconds())
	}
	for i, c := range cases {
		bound, least := c.least(g.Peaks)
		all[i].Bound, all[i].Share = bound, least/all[i].Seconds
	}
	return all, g.Peaks, nil
}

// measured returns the measurement of a pass of so many seconds, but for its
// bound and its share.
func (c Case) measured(seconds float64) Measurement {
	bytes := c.Reads + c.Writes
	return Measurement{
		Kernel: c.Name, Seconds: seconds, Gops: c.Ops / seconds / 1e9, GBytes: bytes / seconds / 1e9,
		Intensity: c.Ops / bytes,
	}
}

// Select returns the cases whose names begin with one of the given words, all of
// them if there are none. It returns an error for a word that begins no name.
func Select(words []string) (chosen []Case, err error) {
	all := Cases()
	if len(words) == 0 {
		return all, nil
	}
	used := make([]bool, len(words))
	for _, c := range all {
		take := false
		for i, word := range words {
			if c.Name == word || strings.HasPrefix(c.Name, word+"/") {
				take, used[i] = true, true
			}
		}
		if take {
			chosen = append(chosen, c)
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("%q is no kernel, want one of %s, or more of a name from the table", words[i], strings.Join(families(all), ", "))
	}
	return chosen, nil
}

// families returns what the names begin with.
func families(all []Case) (names []string) {
	for _, c := range all {
		name, _, _ := strings.Cut(c.Name, "/")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

package benchmark

import (
	"cmp"
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
	Share     float64 `json:"share"` // of the peak of the bound, see MeasureCases
}

// MeasureCases measures each case for about the given time on so many threads,
// and the peaks in between. A case is as fast as in the best slice of its time. Its
// share is that of this slice if arithmetic bounds it; the speed of memory changes from
// moment to moment where others use it, so that a slice bound by memory is compared with
// the better one of the moments before and after it, and the median share counts.
func MeasureCases(ctx context.Context, cases []Case, threads int, d time.Duration) ([]Measurement, Peaks, error) {
	workers := parallel.New(threads)
	defer workers.Close()
	g, all := newGauge(threads), make([][]caseSlice, len(cases))
	for i, c := range cases {
		// Enough samples in a table of a few rows, not too many in a long one.
		for range 1 + parts/len(cases) {
			if err := g.arithmetic(ctx, d/(4*parts)); err != nil {
				return nil, Peaks{}, err
			}
		}
		before, step := c.prepare(workers)
		stopwatch(before, step)
		stopwatch(before, step)
		var err error
		if all[i], err = g.slices(ctx, d, before, step); err != nil {
			return nil, Peaks{}, err
		}
	}
	measured := make([]Measurement, len(cases))
	for i, c := range cases {
		measured[i] = c.measured(all[i], g.Peaks)
	}
	return measured, g.Peaks, nil
}

// A caseSlice is the time of a step in a part of a case's time, and how fast memory was
// before or after.
type caseSlice struct {
	seconds float64
	Bandwidth
}

// slices measures steps for about the given time.
func (g *gauge) slices(ctx context.Context, d time.Duration, before, step func()) (all []caseSlice, err error) {
	const short = 8 * parts // a look at the memory, of the time
	last, err := g.bandwidth(ctx, d/short)
	if err != nil {
		return nil, err
	}
	for range parts {
		took, n := slice(d/parts, before, step)
		next, err := g.bandwidth(ctx, d/short)
		if err != nil {
			return nil, err
		}
		all = append(all, caseSlice{took.Seconds() / float64(n), last.or(next)})
		last = next
	}
	return all, nil
}

// measured returns the measurement of the slices, with these peaks of arithmetic.
func (c Case) measured(all []caseSlice, p Peaks) Measurement {
	type share struct {
		Bound
		of float64
	}
	best, shares := all[0].seconds, make([]share, len(all))
	for i, s := range all {
		p.Bandwidth = s.Bandwidth
		bound, least := c.least(p)
		best, shares[i] = min(best, s.seconds), share{bound, least / s.seconds}
	}
	slices.SortFunc(shares, func(a, b share) int { return cmp.Compare(a.of, b.of) })
	counts := shares[len(shares)-1]
	if c.Bound == Memory {
		counts = shares[len(shares)/2]
	}
	bytes := c.Reads + c.Writes
	return Measurement{
		Kernel: c.Name, Seconds: best, Gops: c.Ops / best / 1e9, GBytes: bytes / best / 1e9, Intensity: c.Ops / bytes,
		Bound: counts.Bound, Share: counts.of,
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

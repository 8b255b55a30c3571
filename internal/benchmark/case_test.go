package benchmark

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/AlarioAI/bitnet/internal/parallel"
)

// Every case can be done again and again, here on few samples.
func TestEveryCaseRuns(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, c := range append(layerCases(1000), passCases(1)...) {
		before, step := c.prepare(workers)
		for range 3 {
			stopwatch(before, step)
		}
	}
}

func TestCasesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		seen[c.Name] = true
		if !(c.Ops > 0 && c.Reads > 0 && c.Writes > 0) {
			t.Errorf("%s: %g operations, %g bytes read and %g written", c.Name, c.Ops, c.Reads, c.Writes)
		}
	}
}

// The counts of a convolution, by hand.
func TestCountsOfALayer(t *testing.T) {
	const x, w, y, ops = 32 * 32 * 32 * 64, 64 * 9 * 64, 32 * 32 * 32 * 64, 2 * 32 * 32 * 32 * 64 * 9 * 64
	for pass, want := range map[string]Case{
		"float/forward": {Bound: F32, Ops: ops, Reads: 4 * (x + w), Writes: 4 * y},
		"float/dx":      {Bound: F32, Ops: ops, Reads: 4 * (y + w), Writes: 4 * x},
		"float/dw":      {Bound: F32, Ops: ops, Reads: 4 * (y + x), Writes: 4 * w},
		"int8/forward":  {Bound: Int8, Ops: ops, Reads: x + w, Writes: 4 * y},
	} {
		got, err := Select([]string{"conv3x3/64to64/32x32/32/" + pass})
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %d cases, error %v", pass, len(got), err)
		}
		if c := got[0]; c.Bound != want.Bound || c.Ops != want.Ops || c.Reads != want.Reads || c.Writes != want.Writes {
			t.Errorf("%s: %s, %g operations, %g read, %g written, want %s, %g, %g, %g",
				pass, c.Bound, c.Ops, c.Reads, c.Writes, want.Bound, want.Ops, want.Reads, want.Writes)
		}
	}
}

func TestLeastTime(t *testing.T) {
	p := Peaks{F32: 100, Int8: 800, BF16: 200, Bandwidth: Bandwidth{Read: 40, Write: 20, Copy: 50}}
	without := p
	without.BF16 = 0
	for name, tt := range map[string]struct {
		Case
		Peaks
		bound Bound
		want  float64
	}{
		"float32":              {Case{Bound: F32, Ops: 1e9}, p, F32, 1.0 / 100},
		"int8":                 {Case{Bound: Int8, Ops: 1e9}, p, Int8, 1.0 / 800},
		"bfloat16":             {Case{Bound: BF16, Ops: 1e9}, p, BF16, 1.0 / 200},
		"bfloat16 as float32":  {Case{Bound: BF16, Ops: 1e9}, without, BF16, 1.0 / 100},
		"reading":              {Case{Bound: Memory, Ops: 1e9, Reads: 4e9, Writes: 1e9}, p, Memory, 4.0 / 40},
		"writing":              {Case{Bound: Memory, Ops: 1e9, Reads: 1e9, Writes: 4e9}, p, Memory, 4.0 / 20},
		"reading with writing": {Case{Bound: Memory, Ops: 1e9, Reads: 3.4e9, Writes: 1.6e9}, p, Memory, 5.0 / 50},
		"arithmetic after all": {Case{Bound: Memory, Ops: 30e9, Reads: 4e9, Writes: 4e9}, p, F32, 30.0 / 100},
	} {
		bound, got := tt.least(tt.Peaks)
		if bound != tt.bound || got < tt.want*(1-1e-12) || got > tt.want*(1+1e-12) {
			t.Errorf("%s: %g s bound by %s, want %g by %s", name, got, bound, tt.want, tt.bound)
		}
	}
}

// Slices at a time of fast memory and at one of slow memory.
func TestShareOfSlices(t *testing.T) {
	fast, slow := Bandwidth{Read: 40, Write: 40, Copy: 80}, Bandwidth{Read: 20, Write: 20, Copy: 40}
	slices := []caseSlice{{0.2, fast}, {0.4, slow}, {0.5, slow}, {0.2, fast}, {0.8, fast}}
	p := Peaks{F32: 100, Bandwidth: Bandwidth{Read: 1e3, Write: 1e3, Copy: 1e3}}
	for _, tt := range []struct {
		Case
		share float64
	}{
		{Case{Bound: F32, Ops: 10e9, Reads: 4e9, Writes: 4e9}, 0.1 / 0.2},
		{Case{Bound: Memory, Ops: 1e9, Reads: 4e9, Writes: 4e9}, 0.1 / 0.2}, // of 0.5, 0.5, 0.4, 0.5 and 0.125
		{Case{Bound: Memory, Ops: 1e9, Reads: 6e9, Writes: 2e9}, 0.15 / 0.2},
	} {
		m := tt.measured(slices, p)
		if m.Seconds != 0.2 || m.Bound != tt.Bound || math.Abs(m.Share-tt.share) > 1e-12 {
			t.Errorf("%+v: %g s, %g of %s, want 0.2 s, %g of %s", tt.Case, m.Seconds, m.Share, m.Bound, tt.share, tt.Bound)
		}
	}
}

func TestSelect(t *testing.T) {
	names := func(words ...string) (names []string) {
		all, err := Select(words)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			names = append(names, c.Name)
		}
		return names
	}
	if got, want := len(names()), len(Cases()); got != want {
		t.Errorf("%d cases without a name, want all %d", got, want)
	}
	if got, want := names("adam", "relu", "relu/forward"), []string{"relu/forward", "relu/backward", "adam"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, word := range []string{"ada", "", "relu/", "conv3x3/64"} {
		_, err := Select([]string{"relu", word})
		if err == nil || !strings.HasPrefix(err.Error(), `"`+word+`" is no kernel, want one of linear, conv3x3, `) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v", word, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := measure(ctx, time.Hour, nil, func() {}); !errors.Is(err, errInterrupted) {
		t.Errorf("measure: error %v", err)
	}
	if _, err := MeasurePeaks(ctx, 1, time.Hour); !errors.Is(err, errInterrupted) {
		t.Errorf("MeasurePeaks: error %v", err)
	}
	if _, _, err := MeasureCases(ctx, Cases(), 1, time.Hour); !errors.Is(err, errInterrupted) {
		t.Errorf("MeasureCases: error %v", err)
	}
}

// The best slice counts, in steps as in time.
func TestMeasureCountsSteps(t *testing.T) {
	did := 0
	best, steps, err := measure(t.Context(), time.Millisecond, func() { did++ }, func() {})
	if err != nil || steps != did || steps == 0 || best <= 0 {
		t.Errorf("%d steps of %v, error %v; %d were done", steps, best, err, did)
	}
}

// Threads wait for each other, so that all of them work at once.
func TestTogether(t *testing.T) {
	if got := together(3, 0, func(int) float64 { time.Sleep(time.Millisecond); return 1 }); got <= 0 || got > 3000 {
		t.Errorf("%g in a second, want at most 3000", got)
	}
}

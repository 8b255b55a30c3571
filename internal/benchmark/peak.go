package benchmark

import (
	"context"
	"time"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/pages"
)

// Peaks are what the processor can do at most, with all threads at work, in 10^9
// operations or bytes per second. A multiplication and an addition are two
// operations.
type Peaks struct {
	F32  float64 `json:"f32_gflops"`
	Int8 float64 `json:"int8_gops"`             // unsigned times signed bytes
	BF16 float64 `json:"bf16_gflops,omitempty"` // 0: no instruction for it
	Bandwidth
}

// A Bandwidth is how fast memory is, in 10^9 bytes per second.
type Bandwidth struct {
	Read  float64 `json:"read_gbytes"`
	Write float64 `json:"write_gbytes"`
	Copy  float64 `json:"copy_gbytes"` // the bytes read and the bytes written
}

// Memory returns the greatest of the rates at which memory is read, written and
// copied.
func (b Bandwidth) Memory() float64 { return max(b.Read, b.Write, b.Copy) }

// or returns the greater one of each rate.
func (b Bandwidth) or(c Bandwidth) Bandwidth {
	return Bandwidth{max(b.Read, c.Read), max(b.Write, c.Write), max(b.Copy, c.Copy)}
}

// MeasurePeaks measures each peak for about the given time on so many threads.
func MeasurePeaks(ctx context.Context, threads int, d time.Duration) (Peaks, error) {
	g := newGauge(threads)
	for range parts {
		if err := g.arithmetic(ctx, d/parts); err != nil {
			return Peaks{}, err
		}
		if _, err := g.bandwidth(ctx, d/parts); err != nil {
			return Peaks{}, err
		}
	}
	return g.Peaks, nil
}

// A gauge measures peaks now and then and keeps the best: the bandwidth of a
// machine that is shared with others changes within seconds.
type gauge struct {
	Peaks
	threads int
	memory  [][]float32 // of each thread; together larger than any cache
	sums    []float32   // of what each has read
	next    []int       // where each goes on in its memory
}

// window is how many values are read or written at a time.
const window = 1 << 20 / 4

func newGauge(threads int) *gauge {
	const all, least = 256 << 20 / 4, 128 << 20 / 4
	g := &gauge{threads: threads, memory: make([][]float32, threads), sums: make([]float32, threads), next: make([]int, threads)}
	for i := range g.memory {
		n := max(all/threads, least) / (2 * window) * (2 * window)
		g.memory[i] = pages.Make[float32](n, n)
		for at := 0; at < len(g.memory[i]); at += 1 << 10 {
			g.memory[i][at] = 1 // so that every page is there
		}
	}
	return g
}

// arithmetic measures each peak of arithmetic once for the given time.
func (g *gauge) arithmetic(ctx context.Context, d time.Duration) error {
	const rounds = 20_000
	for _, m := range []struct {
		peak *float64
		work func(thread int) float64
	}{
		{&g.F32, func(int) float64 { _, ops := kernel.PeakF32(rounds); return float64(ops) }},
		{&g.Int8, func(int) float64 { _, ops := kernel.PeakU8S8(rounds); return float64(ops) }},
		{&g.BF16, func(int) float64 { _, ops := kernel.PeakBF16(rounds); return float64(ops) }},
	} {
		if ctx.Err() != nil {
			return errInterrupted
		}
		if m.peak == &g.BF16 && !cpu.HasBF16() {
			continue
		}
		*m.peak = max(*m.peak, g.rate(d, m.work))
	}
	return nil
}

// bandwidth measures how fast memory is at this moment, each rate for the given time.
func (g *gauge) bandwidth(ctx context.Context, d time.Duration) (now Bandwidth, err error) {
	for _, m := range []struct {
		rate *float64
		work func(thread int) float64
	}{
		{&now.Read, func(i int) float64 {
			g.sums[i] = kernel.Sum(g.forward(i, g.memory[i]))
			return 4 * window
		}},
		{&now.Write, func(i int) float64 {
			clear(g.forward(i, g.memory[i]))
			return 4 * window
		}},
		{&now.Copy, func(i int) float64 {
			half := len(g.memory[i]) / 2
			from := g.forward(i, g.memory[i][:half])
			copy(g.memory[i][half:][g.next[i]-window:], from)
			return 2 * 4 * window
		}},
	} {
		if ctx.Err() != nil {
			return Bandwidth{}, errInterrupted
		}
		*m.rate = g.rate(d, m.work)
	}
	g.Bandwidth = g.Bandwidth.or(now)
	return now, nil
}

// rate returns how much work all threads do, in 10^9 for each second.
func (g *gauge) rate(d time.Duration, work func(thread int) float64) float64 {
	return together(g.threads, d, work) / 1e9
}

// forward returns the next window of a thread's memory.
func (g *gauge) forward(thread int, memory []float32) []float32 {
	at := g.next[thread] % len(memory)
	g.next[thread] = at + window
	return memory[at:][:window]
}

// Package benchmark measures the engine: what the processor can do at most, how
// much of that the kernels reach on the shapes of real layers, and how fast
// whole networks train.
package benchmark

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// parts is how many slices the time for a measurement is cut into. The best one
// counts: what the code can do when nobody else is on the machine.
const parts = 5

// errInterrupted is what a measurement ends with when its context is done.
var errInterrupted = errors.New("interrupted")

// measure returns the mean time of a step in the best slice, and the number of
// steps in all slices. before, where it is not nil, runs before each step and
// is not counted.
func measure(ctx context.Context, d time.Duration, before, step func()) (best time.Duration, steps int, err error) {
	for spent := time.Duration(0); spent < d || steps == 0; {
		if ctx.Err() != nil {
			return 0, 0, errInterrupted
		}
		took, n := slice(d/parts, before, step)
		if mean := max(took/time.Duration(n), 1); best == 0 || mean < best {
			best = mean
		}
		spent += took
		steps += n
	}
	return best, steps, nil
}

// slice does steps for about the given time, one at least, and returns how long
// they took and how many they were.
func slice(d time.Duration, before, step func()) (took time.Duration, steps int) {
	for steps == 0 || took < d {
		took += stopwatch(before, step)
		steps++
	}
	return took, steps
}

// stopwatch returns how long a step takes.
func stopwatch(before, step func()) time.Duration {
	if before != nil {
		before()
	}
	start := time.Now()
	step()
	return time.Since(start)
}

// together runs work on so many threads at once, again and again for the given
// time, and returns how much they do in a second, all of them together. work
// tells how much it did.
func together(threads int, d time.Duration, work func(thread int) float64) (total float64) {
	rates := make([]float64, threads)
	var ready, done sync.WaitGroup
	ready.Add(threads)
	for i := range threads {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			ready.Wait()
			start, did, took := time.Now(), 0.0, time.Duration(0)
			for did == 0 || took < d {
				did += work(i)
				took = time.Since(start)
			}
			rates[i] = did / took.Seconds()
		})
	}
	done.Wait()
	for _, r := range rates {
		total += r
	}
	return total
}

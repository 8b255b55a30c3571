// Package cpu knows which instruction sets the kernels may use.
//
// There are three levels: Generic (portable Go), AVX2 (AVX2 with FMA) and
// AVX512 (AVX-512 F, BW, DQ, VL and VNNI). The best one the processor has is
// chosen at start; the environment variable BITNET_CPU (generic, avx2 or
// avx512) chooses a lower one.
package cpu

import (
	"fmt"
	"os"
	"sync/atomic"
)

// A Level is an instruction set the kernels are written for. Levels are
// ordered: a processor that has one has all lower ones.
type Level int32

// The levels, lowest first.
const (
	Generic Level = iota
	AVX2
	AVX512
)

var names = [...]string{"generic", "avx2", "avx512"}

// String returns the name that BITNET_CPU knows the level by.
func (l Level) String() string {
	if l < 0 || int(l) >= len(names) {
		return fmt.Sprintf("level %d", int32(l))
	}
	return names[l]
}

// level is written at start and by Force in tests; everything else reads it.
var level atomic.Int32

var startErr error

func init() {
	best := Supported()
	level.Store(int32(best))
	if name := os.Getenv("BITNET_CPU"); name != "" {
		want, err := parse(name)
		if err == nil && want > best {
			err = fmt.Errorf("BITNET_CPU=%s: this processor has only %v", name, best)
		}
		if err != nil {
			startErr = err
			return
		}
		level.Store(int32(want))
	}
}

func parse(name string) (Level, error) {
	for i, n := range names {
		if n == name {
			return Level(i), nil
		}
	}
	return Generic, fmt.Errorf("BITNET_CPU=%s: want generic, avx2 or avx512", name)
}

// Current returns the level in use.
func Current() Level { return Level(level.Load()) }

// Check reports what was wrong with BITNET_CPU at start; the level is then the
// best one, and a program says so before it begins.
func Check() error { return startErr }

// Force sets the level and returns a function that puts the old one back, so
// that a test can compare two levels in one process. It panics if the
// processor lacks the level.
func Force(l Level) (restore func()) {
	if l < Generic || l > Supported() {
		panic(fmt.Sprintf("cpu.Force: this processor has no %v", l))
	}
	old := level.Swap(int32(l))
	return func() { level.Store(old) }
}

// Levels returns the levels this processor has, lowest first.
func Levels() []Level {
	var all []Level
	for l := Generic; l <= Supported(); l++ {
		all = append(all, l)
	}
	return all
}

package benchmark

import (
	"bufio"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
)

// A meter reads what the process uses between two moments.
type meter struct {
	memory  runtime.MemStats
	samples [2]metrics.Sample
}

// start begins to count. Nothing is allocated after the counters are read.
func (m *meter) start() {
	collect()
	m.samples[0].Name, m.samples[1].Name = "/cpu/classes/gc/total:cpu-seconds", "/cpu/classes/total:cpu-seconds"
	metrics.Read(m.samples[:])
	runtime.ReadMemStats(&m.memory)
}

// stop fills in what so many steps have used since start. The collections that
// start and stop ask for are not among it.
func (m *meter) stop(r *Rate, steps int) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	gc, total := m.samples[0].Value.Float64(), m.samples[1].Value.Float64()
	metrics.Read(m.samples[:])
	r.Allocations = float64(memory.Mallocs-m.memory.Mallocs) / float64(steps)
	r.Bytes = float64(memory.TotalAlloc-m.memory.TotalAlloc) / float64(steps)
	if total = m.samples[1].Value.Float64() - total; total > 0 {
		r.GC = (m.samples[0].Value.Float64() - gc) / total
	}
	collect()
	runtime.ReadMemStats(&memory)
	r.HeapGrowth = int64(memory.HeapAlloc) - int64(m.memory.HeapAlloc)
}

// collect leaves on the heap what is in use: pools are emptied by the second
// collection.
func collect() {
	runtime.GC()
	runtime.GC()
}

// peakMB returns the most memory that the process has had at any time, in 10^6
// bytes, or nil where the system does not tell it as Linux does.
func peakMB() *float64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return nil
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if text, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "kB")), 64)
			if err != nil {
				return nil
			}
			mb := kB * 1024 / 1e6
			return &mb
		}
	}
	return nil
}

package autograd

import (
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
)

// Operations other than products allocate nothing once they have run, forwards
// and back.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	streams := map[string]float64{ // for operations that make one, or labels
		"cross entropy": 1, "dropout": 4, "stochastic depth": 2, "sum with layer scale and stochastic depth": 2, "sum with stochastic depth": 2,
	}
	statistics := 4.0 // the batch norms of the table make theirs anew: two tensors
	for _, workers := range []int{1, 2} {
		pool := parallel.New(workers)
		for _, o := range operations() {
			if strings.HasPrefix(o.name, "linear") || strings.HasPrefix(o.name, "conv") || o.name == "two uses" {
				continue
			}
			x := o.draw()
			tape := NewTape(pool)
			var dy []float32
			step := func() {
				tape.Reset()
				y := o.f(tape, x)
				if dy == nil {
					dy = make([]float32, len(y.Data))
				}
				tape.BackwardFrom(y, dy)
				for i, v := range x {
					if !parameter(o.name, i) {
						v.Grad = nil
					}
				}
			}
			for range 3 {
				step()
			}
			limit := streams[o.name]
			if strings.Contains(o.name, "batch norm") {
				limit = statistics * float64(1+strings.Count(o.name, "two"))
			}
			if n := testing.AllocsPerRun(10, step); n > limit {
				t.Errorf("%s with %d workers: %v allocations, want at most %v", o.name, workers, n, limit)
			}
		}
		pool.Close()
	}
}

// parameter reports whether operand i of an operation holds on to its gradient's
// buffer, which is not of the arena.
func parameter(name string, i int) bool {
	switch {
	case strings.HasPrefix(name, "two batch norms"):
		return i != 0 && i != 3
	case strings.Contains(name, "norm"):
		return i == 1 || i == 2
	case name == "layer scale":
		return i == 1
	case strings.HasPrefix(name, "sum with layer scale"):
		return i == 2
	}
	return false
}

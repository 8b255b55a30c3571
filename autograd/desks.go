package autograd

// desks are sets of scratch buffers, one set for each worker: a chunk of work
// takes one and puts it back. What a chunk computes must not depend on what lies
// there.
type desks struct {
	memory []float32 // of the arena, to be released
	free   chan [][]float32
}

// cacheLine is the number of values in a cache line.
const cacheLine = 16

// wholeLines returns the number of values in the cache lines that n values take.
func wholeLines(n int) int { return (n + cacheLine - 1) / cacheLine * cacheLine }

// desks returns desks with buffers of the given lengths. Each begins on a cache
// line.
func (t *Tape) desks(lens ...int) desks {
	size := 0
	for _, n := range lens {
		size += wholeLines(n)
	}
	workers := t.workers.Workers()
	d := desks{memory: t.arena.Floats(workers * size), free: make(chan [][]float32, workers)}
	rest := d.memory
	for range workers {
		set := make([][]float32, len(lens))
		for i, n := range lens {
			set[i], rest = rest[:n:n], rest[wholeLines(n):]
		}
		d.free <- set
	}
	return d
}

func (d desks) take() [][]float32       { return <-d.free }
func (d desks) putBack(set [][]float32) { d.free <- set }

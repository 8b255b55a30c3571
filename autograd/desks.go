package autograd

// scratch is memory of the same size for each worker. What a chunk computes must
// not depend on what lies there.
type scratch struct {
	memory []float32 // of the arena, to be released
	size   int
}

// cacheLine is the number of values in a cache line.
const cacheLine = 16

// wholeLines returns the number of values in the cache lines that n values take.
func wholeLines(n int) int { return (n + cacheLine - 1) / cacheLine * cacheLine }

// scratch returns scratch memory of n values for each worker.
func (t *Tape) scratch(n int) scratch {
	return scratch{t.arena.Floats(t.workers.Workers() * wholeLines(n)), n}
}

// of returns the scratch memory of a worker.
func (s scratch) of(worker int) []float32 {
	return s.memory[worker*wholeLines(s.size):][:s.size:s.size]
}

// desks are sets of scratch buffers, one set for each worker.
type desks struct {
	scratch
	starts [maxDesk + 1]int // of the buffers in a set
}

// maxDesk is the greatest number of buffers in a set.
const maxDesk = 11

// desks returns desks with buffers of the given lengths. Each begins on a cache
// line.
func (t *Tape) desks(lens ...int) desks {
	var d desks
	for i, n := range lens {
		d.starts[i+1] = d.starts[i] + wholeLines(n)
	}
	d.scratch = t.scratch(d.starts[len(lens)])
	return d
}

// at returns buffer i of a worker. It may be a few values longer than it was
// asked to be.
func (d *desks) at(worker, i int) []float32 {
	return d.of(worker)[d.starts[i]:d.starts[i+1]:d.starts[i+1]]
}

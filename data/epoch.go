package data

import (
	"sync"
	"sync/atomic"

	"github.com/AlarioAI/bitnet/tensor"
)

// ringSize is the number of batches in memory: one in use, one ready, one in
// the making.
const ringSize = 3

// A ring is what an epoch needs memory for.
type ring struct {
	slots   [ringSize]slot
	scratch []scratch // one for each worker
}

// A slot is a batch in the making.
type slot struct {
	Batch
	left  atomic.Int64  // parts to be done
	ready chan struct{} // gets one when all are
}

// A part is the samples of a slot from first to before end, which one worker
// makes.
type part struct {
	*slot
	first, end int
}

// An epoch is the work on the batches of one: the loop asks for them, workers
// make their parts.
type epoch struct {
	*Loader
	number int
	order  []int
	ring   *ring
	work   chan part // with room for all parts of the ring, so that asking never waits
	parts  int       // of a batch
	ended  atomic.Bool
	active sync.WaitGroup
}

// begin starts the workers. They wait for parts until end is called.
func (l *Loader) begin(number int) *epoch {
	e := &epoch{Loader: l, number: number, order: l.order(number), ring: l.takeRing(), parts: l.workers}
	if e.parts > 1 {
		e.parts *= 4 // images differ in what they take
	}
	e.work = make(chan part, ringSize*e.parts)
	for i := range e.ring.scratch {
		e.active.Go(func() { e.serve(&e.ring.scratch[i]) })
	}
	return e
}

// end ends the workers, which leave undone what the loop did not wait for, and
// waits for them.
func (e *epoch) end() {
	e.ended.Store(true)
	close(e.work)
	e.active.Wait()
	for i := range e.ring.slots {
		select {
		case <-e.ring.slots[i].ready:
		default:
		}
	}
	e.idle.Store(e.ring)
}

// ask has the batch of a step made, in the slot of its turn.
func (e *epoch) ask(step int) {
	start := step * e.config.Batch
	end := min(start+e.config.Batch, len(e.order))
	n := end - start
	s := &e.ring.slots[step%ringSize]
	s.Step = step
	s.Indices = e.order[start:end:end]
	s.Labels = s.Labels[:n]
	s.X.Shape = tensor.Of(n, e.h, e.w, e.c)
	s.X.Data = s.X.Data[:n*e.h*e.w*e.c]
	parts := min(n, e.parts)
	s.left.Store(int64(parts))
	for i := range parts {
		e.work <- part{s, i * n / parts, (i + 1) * n / parts}
	}
}

// serve makes parts.
func (e *epoch) serve(s *scratch) {
	size := e.h * e.w * e.c
	for p := range e.work {
		for k := p.first; k < p.end && !e.ended.Load(); k++ {
			i := p.Indices[k]
			p.Labels[k] = e.images.Labels[i]
			e.render(p.X.Data[k*size:][:size], s, e.number, i)
		}
		if p.left.Add(-1) == 0 {
			p.ready <- struct{}{}
		}
	}
}

func (l *Loader) takeRing() *ring {
	if r := l.idle.Swap(nil); r != nil {
		return r
	}
	size := min(l.config.Batch, l.Len())
	r := &ring{scratch: make([]scratch, l.workers)}
	for i := range r.slots {
		r.slots[i].X = tensor.New(size, l.h, l.w, l.c)
		r.slots[i].Labels = make([]int32, size)
		r.slots[i].ready = make(chan struct{}, 1)
	}
	return r
}

// Package parallel cuts work into fixed chunks and runs them on a few
// goroutines. What a chunk computes depends on its index only, never on which
// goroutine ran it or how many there are: results are the same bits for any
// number of workers.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A Pool is a set of workers that wait for chunks. The goroutine that calls
// For is one of them. The nil Pool runs everything on the caller.
type Pool struct {
	workers int
	idle    bool // drop all work
	job     atomic.Pointer[job]
	wake    []chan struct{} // one for each helper goroutine
	asleep  []atomic.Bool
	closed  atomic.Bool
	done    sync.WaitGroup
}

type job struct {
	n        int64
	chunk    func(i int)
	next     atomic.Int64 // first chunk that nobody has taken
	finished atomic.Int64
	failure  atomic.Pointer[any] // the first panic
}

// New returns a pool of the given number of workers, GOMAXPROCS if it is not
// positive. Close it after use.
func New(workers int) *Pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	p := &Pool{workers: workers}
	p.asleep = make([]atomic.Bool, workers-1)
	p.wake = make([]chan struct{}, workers-1)
	for i := range p.wake {
		p.wake[i] = make(chan struct{}, 1)
	}
	for i := range p.wake {
		p.done.Add(1)
		go p.help(i)
	}
	return p
}

// Workers returns the number of workers, the caller of For included.
func (p *Pool) Workers() int {
	if p == nil {
		return 1
	}
	return p.workers
}

// Close ends the workers and waits for them.
func (p *Pool) Close() {
	if p == nil || p.closed.Swap(true) {
		return
	}
	for _, c := range p.wake {
		close(c)
	}
	p.done.Wait()
}

// Idle returns a pool that drops all work: what For is asked to compute stays
// undone. A forward pass on it takes no time and gives the right shapes.
func Idle() *Pool { return &Pool{workers: 1, idle: true} }

// For calls chunk(i) once for every i in [0, n), on all workers, and returns
// when all calls have. A panic in a chunk is raised again in the caller.
func (p *Pool) For(n int, chunk func(i int)) {
	if p != nil && p.idle {
		return
	}
	if p.Workers() == 1 || n <= 1 {
		for i := range n {
			chunk(i)
		}
		return
	}
	j := &job{n: int64(n), chunk: chunk}
	p.job.Store(j)
	for i := range p.asleep {
		if p.asleep[i].CompareAndSwap(true, false) {
			p.wake[i] <- struct{}{}
		}
	}
	j.work()
	for spin := 0; j.finished.Load() < j.n; spin++ {
		if spin > spinsPerYield {
			runtime.Gosched()
			spin = 0
		}
	}
	if f := j.failure.Load(); f != nil {
		panic(*f)
	}
}

// work takes chunks until none is left.
func (j *job) work() {
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return
		}
		j.run(int(i))
	}
}

func (j *job) run(i int) {
	defer j.finished.Add(1)
	defer func() {
		if f := recover(); f != nil {
			failure := f // f itself stays off the heap where nothing failed
			j.failure.CompareAndSwap(nil, &failure)
		}
	}()
	j.chunk(i)
}

// A helper that finds nothing to do looks again for about the time between two
// operations of a training step before it goes to sleep: waking a sleeping
// thread takes longer than many operations do.
const (
	spinsPerYield = 64
	yieldsToSleep = 400
)

func (p *Pool) help(i int) {
	defer p.done.Done()
	var last *job
	for {
		idle := 0
		for {
			if j := p.job.Load(); j != last {
				last = j
				break
			}
			if idle++; idle%spinsPerYield == 0 {
				if p.closed.Load() {
					return
				}
				runtime.Gosched()
			}
			if idle < spinsPerYield*yieldsToSleep {
				continue
			}
			p.asleep[i].Store(true)
			if p.job.Load() != last && p.asleep[i].CompareAndSwap(true, false) {
				continue // a job came in between: it did not see us asleep
			}
			if _, open := <-p.wake[i]; !open {
				return
			}
			idle = 0
		}
		last.work()
	}
}

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
	job     job
	busy    atomic.Bool     // the job is in use
	turn    atomic.Uint64   // odd while the job is open to helpers; counts up
	inside  atomic.Int64    // helpers that look at the job
	wake    []chan struct{} // one for each helper goroutine
	asleep  []atomic.Bool
	closed  atomic.Bool
	done    sync.WaitGroup

	mu     sync.Mutex
	spares map[any]any // tasks of Run that wait to be used again, by their type
}

// A Task is work in chunks.
type Task interface {
	// Chunk does chunk i. worker is the number of the worker that does it, less
	// than Workers: no two chunks at a time have the same. Results must not
	// depend on it; it is there for scratch memory.
	Chunk(worker, i int)
}

// A job is a task on its way. A pool has one and uses it again and again, so
// that sharing out work allocates nothing.
type job struct {
	n        int
	task     Task
	deques   []deque // one for each worker
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
	p.job.deques = make([]deque, workers)
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
func (p *Pool) For(n int, chunk func(i int)) { p.Do(n, function(chunk)) }

// A function is a task that does not care who does it.
type function func(i int)

func (f function) Chunk(_, i int) { f(i) }

// Do is For with a task. Unlike a function that captures what it works on, a
// task that lives on is no new allocation.
//
// Within a chunk, and while another goroutine is in Do, the caller does all
// chunks itself.
func (p *Pool) Do(n int, task Task) {
	if p != nil && p.idle {
		return
	}
	if p.Workers() == 1 || n <= 1 || !p.busy.CompareAndSwap(false, true) {
		for i := range n {
			task.Chunk(0, i)
		}
		return
	}
	j := &p.job
	j.n, j.task = n, task
	for i := range j.deques {
		j.deques[i].fill(n*i/p.workers, n*(i+1)/p.workers)
	}
	j.finished.Store(0)
	p.turn.Add(1)
	for i := range p.asleep {
		if p.asleep[i].CompareAndSwap(true, false) {
			p.wake[i] <- struct{}{}
		}
	}
	j.work(0)
	wait(func() bool { return j.finished.Load() == int64(j.n) })
	p.turn.Add(1)
	wait(func() bool { return p.inside.Load() == 0 }) // nobody reads what the next call writes
	failure := j.failure.Swap(nil)
	j.task = nil
	p.busy.Store(false)
	if failure != nil {
		panic(*failure)
	}
}

// Run is Do for a task that is a plain value: its chunks work on one copy of it.
// Running tasks of a type again and again allocates nothing.
func Run[T any, P interface {
	*T
	Task
}](p *Pool, n int, work T) {
	if p != nil && p.idle {
		return
	}
	t := takeSpare[T](p)
	*t = work
	p.Do(n, P(t))
	var none T
	*t = none
	putBack(p, t)
}

// Share is Run for chunks that are calls of f, each with a pointer to the one copy
// of work. It allocates nothing as long as f captures nothing. A function literal
// within a generic function captures its types.
func Share[T any](p *Pool, n int, work T, f func(work *T, worker, i int)) {
	Run(p, n, shared[T]{work, f})
}

// Blocks is Share for the blocks [lo, hi) of [0, n), of so many each.
func Blocks[T any](p *Pool, n, size int, work T, f func(work *T, lo, hi int)) {
	Run(p, (n+size-1)/size, blockwise[T]{work, n, size, f})
}

// blockwise is a task of Blocks.
type blockwise[T any] struct {
	work    T
	n, size int
	f       func(work *T, lo, hi int)
}

func (b *blockwise[T]) Chunk(_, i int) { b.f(&b.work, i*b.size, min((i+1)*b.size, b.n)) }

// shared is a task of Share.
type shared[T any] struct {
	work T
	f    func(work *T, worker, i int)
}

func (s *shared[T]) Chunk(worker, i int) { s.f(&s.work, worker, i) }

// takeSpare returns memory for a task that nobody else uses.
func takeSpare[T any](p *Pool) *T {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if t, ok := p.spares[(*T)(nil)].(*T); ok && t != nil {
			p.spares[(*T)(nil)] = (*T)(nil)
			return t
		}
	}
	return new(T)
}

// putBack keeps the memory of a task for the next time.
func putBack[T any](p *Pool, t *T) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.spares == nil {
			p.spares = map[any]any{}
		}
		p.spares[(*T)(nil)] = t
	}
}

// wait returns when the condition holds.
func wait(holds func() bool) {
	for spin := 0; !holds(); spin++ {
		if spin > spinsPerYield {
			runtime.Gosched()
			spin = 0
		}
	}
}

// work does the worker's part of the chunks, and then what is left of the others'.
func (j *job) work(worker int) {
	for i := range j.deques {
		owner := (worker + i) % len(j.deques)
		for {
			first, end := j.deques[owner].take(owner == worker)
			if first == end {
				break
			}
			j.run(worker, first, end)
		}
	}
}

func (j *job) run(worker, first, end int) {
	defer j.finished.Add(int64(end - first))
	defer func() {
		if f := recover(); f != nil {
			failure := f // f itself stays off the heap where nothing failed
			j.failure.CompareAndSwap(nil, &failure)
		}
	}()
	for i := first; i < end; i++ {
		j.task.Chunk(worker, i)
	}
}

// A helper that finds nothing to do looks again for about the time between two
// operations of a training step before it goes to sleep: waking a sleeping
// thread takes longer than many operations do.
const (
	spinsPerYield = 64
	yieldsToSleep = 400
)

// help does chunks of one job after the other. A job is open while turn is odd:
// the helper says that it is inside, and looks again before it touches the job.
func (p *Pool) help(i int) {
	defer p.done.Done()
	var last uint64
	news := func() bool {
		turn := p.turn.Load()
		return turn%2 == 1 && turn != last
	}
	for {
		for idle := 0; !news(); {
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
			if news() && p.asleep[i].CompareAndSwap(true, false) {
				continue // a job came in between: it did not see us asleep
			}
			if _, open := <-p.wake[i]; !open {
				return
			}
			idle = 0
		}
		p.inside.Add(1)
		if turn := p.turn.Load(); turn%2 == 1 {
			last = turn
			p.job.work(i + 1)
		}
		p.inside.Add(-1)
	}
}

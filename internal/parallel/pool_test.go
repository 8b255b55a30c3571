package parallel

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryChunkOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		p := New(workers)
		for n := range 200 {
			counts := make([]atomic.Int32, n)
			p.For(n, func(i int) { counts[i].Add(1) })
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Fatalf("%d workers: chunk %d of %d ran %d times", workers, i, n, c)
				}
			}
		}
		p.Close()
	}
}

func TestNilPoolRunsInOrder(t *testing.T) {
	var p *Pool
	var order []int
	p.For(4, func(i int) { order = append(order, i) })
	for i, v := range order {
		if i != v {
			t.Fatalf("order %v", order)
		}
	}
	if len(order) != 4 || p.Workers() != 1 {
		t.Errorf("%d chunks, %d workers", len(order), p.Workers())
	}
	p.Close()
}

// A helper that has gone to sleep wakes for new work, again and again.
func TestWakesUp(t *testing.T) {
	p := New(3)
	defer p.Close()
	for range 5 {
		for i := range p.asleep {
			for !p.asleep[i].Load() {
				time.Sleep(time.Millisecond)
			}
		}
		// Chunks that wait for each other need as many goroutines.
		var arrived atomic.Int32
		p.For(3, func(int) {
			arrived.Add(1)
			for arrived.Load() < 3 {
				time.Sleep(10 * time.Microsecond)
			}
		})
	}
}

func TestNestedFor(t *testing.T) {
	p := New(2)
	defer p.Close()
	var sum atomic.Int64
	p.For(10, func(i int) {
		p.For(10, func(j int) { sum.Add(int64(10*i + j)) })
	})
	if sum.Load() != 4950 {
		t.Errorf("sum %d, want 4950", sum.Load())
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	p := New(2)
	defer p.Close()
	for range 20 {
		func() {
			defer func() {
				if f := recover(); f != "chunk 7" {
					t.Errorf("recovered %v", f)
				}
			}()
			p.For(50, func(i int) {
				if i == 7 {
					panic("chunk 7")
				}
			})
			t.Error("no panic")
		}()
	}
	p.For(3, func(int) {}) // still usable
}

// Share gives every chunk the same copy of the work, calls may be nested in each
// other, and in a steady state nothing is allocated.
func TestShare(t *testing.T) {
	type work struct {
		pool *Pool
		sum  *atomic.Int64
	}
	for _, p := range []*Pool{nil, New(1), New(3)} {
		var sum atomic.Int64
		run := func() {
			Share(p, 10, work{p, &sum}, func(w *work, worker, i int) {
				if worker < w.pool.Workers() {
					w.sum.Add(int64(i))
				}
			})
		}
		run()
		if sum.Load() != 45 {
			t.Errorf("sum %d, want 45", sum.Load())
		}
		if allocs := testing.AllocsPerRun(20, run); p != nil && allocs != 0 {
			t.Errorf("%v allocations with %d workers", allocs, p.Workers())
		}
		sum.Store(0)
		Share(p, 10, work{p, &sum}, func(w *work, _, i int) {
			Share(w.pool, 10, work{w.pool, w.sum}, func(w *work, _, j int) { w.sum.Add(int64(j)) })
			w.sum.Add(int64(i))
		})
		if sum.Load() != 495 {
			t.Errorf("nested: sum %d, want 495", sum.Load())
		}
		p.Close()
	}
}

// Two goroutines may use a pool at a time.
func TestTwoCallers(t *testing.T) {
	p := New(2)
	defer p.Close()
	var sum atomic.Int64
	var callers sync.WaitGroup
	for range 2 {
		callers.Go(func() {
			for range 1000 {
				p.For(20, func(i int) { sum.Add(int64(i)) })
			}
		})
	}
	callers.Wait()
	if sum.Load() != 2*1000*190 {
		t.Errorf("sum %d, want %d", sum.Load(), 2*1000*190)
	}
}

func BenchmarkFor(b *testing.B) {
	p := New(0)
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		p.For(32, func(int) {})
	}
}

// The blocks cover every element once, the last one up to the end.
func TestBlocks(t *testing.T) {
	type work struct{ counts []atomic.Int32 }
	for _, workers := range []int{1, 2, 5} {
		p := New(workers)
		for _, n := range []int{0, 1, 6, 7, 8, 14, 100} {
			counts := make([]atomic.Int32, n)
			Blocks(p, n, 7, work{counts}, func(w *work, lo, hi int) {
				if lo%7 != 0 || hi <= lo || hi-lo > 7 {
					t.Errorf("%d workers: block [%d, %d) of %d", workers, lo, hi, n)
				}
				for i := lo; i < hi; i++ {
					w.counts[i].Add(1)
				}
			})
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Errorf("%d workers: element %d of %d came up %d times", workers, i, n, c)
				}
			}
		}
		p.Close()
	}
}

package parallel

import (
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

func BenchmarkFor(b *testing.B) {
	p := New(0)
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		p.For(32, func(int) {})
	}
}

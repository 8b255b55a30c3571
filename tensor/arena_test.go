package tensor

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestBuffersHaveSlack(t *testing.T) {
	for name, a := range map[string]*Arena{"arena": {}, "nil arena": nil} {
		for _, n := range []int{1, 63, 64, 1000} {
			for range 2 { // fresh, and used again
				f, b, c, x := a.Floats(n), a.Bytes(n), a.Codes(n), a.Tensor(Of(n, 1))
				for kind, got := range map[string][2]int{
					"floats": {len(f), cap(f)},
					"bytes":  {len(b), cap(b)},
					"codes":  {len(c), cap(c)},
					"tensor": {len(x.Data), cap(x.Data)},
				} {
					if got[0] != n || got[1] < n+Slack {
						t.Errorf("%s: %s for %d elements: length %d, capacity %d", name, kind, n, got[0], got[1])
					}
				}
				a.Reset()
			}
		}
		if got := len(a.Floats(0)) + len(a.Bytes(0)) + len(a.Codes(0)) + len(a.Tensor(Of(0, 3)).Data); got != 0 {
			t.Errorf("%s: empty buffers have %d elements", name, got)
		}
		a.Release(a.Floats(0))
	}
}

// A step after the first allocates nothing.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	var a Arena
	allocs := testing.AllocsPerRun(50, func() {
		a.Reset()
		x := a.Tensor(Of(4, 5))
		a.View(x, Of(20))
		a.Tensor(Of(20))
		a.Release(a.Floats(30))
		a.Floats(30)
		a.Bytes(7)
		a.Codes(7)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// What is lent belongs to the borrower until it is released or all is reset:
// no other buffer is written over it.
func TestLentBuffersAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Arena
		var lent [][]float32
		mark := float32(0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			default:
				buf := a.Floats(rapid.IntRange(0, 3).Draw(t, "length"))
				mark++
				for i := range buf {
					buf[i] = mark
				}
				lent = append(lent, buf)
			case 7, 8:
				if len(lent) > 0 {
					i := rapid.IntRange(0, len(lent)-1).Draw(t, "released")
					a.Release(lent[i])
					a.Release(lent[i]) // the second time, it is not lent any more
					lent = slices.Delete(lent, i, i+1)
				}
			case 9:
				a.Reset()
				lent = nil
			}
			seen := map[float32]bool{}
			for _, buf := range lent {
				if len(buf) == 0 {
					continue
				}
				if seen[buf[0]] || slices.Min(buf) != slices.Max(buf) {
					t.Fatalf("a buffer was lent twice: %v", lent)
				}
				seen[buf[0]] = true
			}
		}
	})
}

func TestReleaseIsAtOnce(t *testing.T) {
	var a Arena
	first, other := a.Floats(10), a.Floats(10)
	a.Release(first[:4]) // known by where it begins, taken back whole
	if again := a.Floats(4); &again[0] == &first[0] {
		t.Error("a buffer of ten was lent as one of four")
	}
	if again := a.Floats(10); &again[0] != &first[0] {
		t.Error("the released buffer was not lent again")
	}
	a.Release(make([]float32, 10)) // of unknown origin: not the arena's to lend
	if third := a.Floats(10); &third[0] == &first[0] || &third[0] == &other[0] {
		t.Error("a buffer was lent twice")
	}
}

func TestTensorsOfAnArenaBeginAnew(t *testing.T) {
	var a Arena
	x := a.Tensor(Of(3))
	x.Grad, x.NeedGrad = a.Floats(3), true
	a.Reset()
	if y := a.Tensor(Of(1, 3)); y.Grad != nil || y.NeedGrad || y.Shape != Of(1, 3) {
		t.Errorf("a tensor after Reset: %+v", y)
	}
	x = a.Tensor(Of(2))
	x.NeedGrad = true
	if v := a.View(x, Of(2, 1)); v.NeedGrad || v == x {
		t.Errorf("a view: %+v", v)
	}
}

func TestViewSharesData(t *testing.T) {
	for name, a := range map[string]*Arena{"arena": {}, "nil arena": nil} {
		x := a.Tensor(Of(2, 3))
		v := a.View(x, Of(6))
		v.Data[5] = 42
		if x.Data[5] != 42 || v.Shape != Of(6) || x.Shape != Of(2, 3) {
			t.Errorf("%s: %+v is a view of %+v", name, v, x)
		}
	}
}

// The nil arena takes nothing back.
func TestNilArena(t *testing.T) {
	var a *Arena
	x, y := a.Floats(3), a.Tensor(Of(3))
	x[0], y.Data[0] = 1, 2
	a.Release(x)
	a.Reset()
	if z, u := a.Floats(3), a.Tensor(Of(3)); &z[0] == &x[0] || u == y || x[0] != 1 || y.Data[0] != 2 {
		t.Error("a buffer was lent twice")
	}
}

// The last batch of an epoch is smaller than the others and needs no memory of
// its own; the next full one finds its buffers again.
func TestSmallerBatchTakesTheBuffersOfTheLarger(t *testing.T) {
	var a Arena
	step := func(batch int) {
		a.Reset()
		for layer := range 5 {
			a.Floats(batch * (100 + 40*layer))
			a.Release(a.Floats(batch * 7))
		}
	}
	step(32)
	for _, batch := range []int{17, 32, 31} {
		if allocs := testing.AllocsPerRun(1, func() { step(batch) }); allocs != 0 {
			t.Errorf("a batch of %d after one of 32: %v allocations", batch, allocs)
		}
	}
	if small := a.Floats(3); cap(small) > 6+Slack {
		t.Errorf("a buffer of capacity %d was lent for 3 elements", cap(small))
	}
}

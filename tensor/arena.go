package tensor

import (
	"slices"
	"sort"

	"github.com/AlarioAI/bitnet/internal/pages"
)

// Slack is the number of elements by which the capacity of an arena's buffers
// exceeds their length: kernels may read whole vectors at the end of a row.
const Slack = 64

// An Arena lends buffers and takes all of them back at once, so that a
// training step after the first allocates nothing. Buffers are not cleared.
// An arena belongs to one goroutine. The nil arena is usable: its buffers are
// ordinary allocations.
type Arena struct {
	floats  shelf[float32]
	bytes   shelf[uint8]
	codes   shelf[int8]
	halves  shelf[uint16]
	ints    shelf[int32]
	doubles shelf[float64]
	headers []*Tensor
	used    int // headers lent
}

// fresh allocates a buffer.
func fresh[T any](n int) []T { return pages.Make[T](n, n+Slack) }

// Floats lends n float32 of unspecified content.
func (a *Arena) Floats(n int) []float32 {
	if a == nil {
		return fresh[float32](n)
	}
	return a.floats.lend(n)
}

// Slacked returns x itself if it has Slack behind it, else a copy that has.
func (a *Arena) Slacked(x []float32) []float32 {
	if cap(x)-len(x) >= Slack {
		return x
	}
	y := a.Floats(len(x))
	copy(y, x)
	return y
}

// Bytes lends n bytes of unspecified content.
func (a *Arena) Bytes(n int) []uint8 {
	if a == nil {
		return fresh[uint8](n)
	}
	return a.bytes.lend(n)
}

// Codes lends n int8 of unspecified content.
func (a *Arena) Codes(n int) []int8 {
	if a == nil {
		return fresh[int8](n)
	}
	return a.codes.lend(n)
}

// Halves lends n 16-bit numbers, such as bfloat16, of unspecified content.
func (a *Arena) Halves(n int) []uint16 {
	if a == nil {
		return fresh[uint16](n)
	}
	return a.halves.lend(n)
}

// Ints lends n int32 of unspecified content.
func (a *Arena) Ints(n int) []int32 {
	if a == nil {
		return fresh[int32](n)
	}
	return a.ints.lend(n)
}

// Doubles lends n float64 of unspecified content.
func (a *Arena) Doubles(n int) []float64 {
	if a == nil {
		return fresh[float64](n)
	}
	return a.doubles.lend(n)
}

// Tensor lends a tensor of unspecified content.
func (a *Arena) Tensor(s Shape) *Tensor {
	t := a.header()
	*t = Tensor{Shape: s, Data: a.Floats(s.Len())}
	return t
}

// View lends a tensor that shares the data of t under another shape of the
// same length.
func (a *Arena) View(t *Tensor, s Shape) *Tensor {
	v := a.header()
	*v = Tensor{Shape: s, Data: t.Data}
	return v
}

func (a *Arena) header() *Tensor {
	if a == nil {
		return new(Tensor)
	}
	if a.used == len(a.headers) {
		a.headers = append(a.headers, new(Tensor))
	}
	a.used++
	return a.headers[a.used-1]
}

// Release takes one buffer back before the others. Its content is lost.
func (a *Arena) Release(buf []float32) {
	if a != nil {
		a.floats.release(buf)
	}
}

// ReleaseBytes is Release for the buffers of Bytes.
func (a *Arena) ReleaseBytes(buf []uint8) {
	if a != nil {
		a.bytes.release(buf)
	}
}

// ReleaseCodes is Release for the buffers of Codes.
func (a *Arena) ReleaseCodes(buf []int8) {
	if a != nil {
		a.codes.release(buf)
	}
}

// ReleaseHalves is Release for the buffers of Halves.
func (a *Arena) ReleaseHalves(buf []uint16) {
	if a != nil {
		a.halves.release(buf)
	}
}

// Reset takes back everything that was lent; tensors and buffers lent before
// must not be used any more.
func (a *Arena) Reset() {
	if a != nil {
		a.floats.reset()
		a.bytes.reset()
		a.codes.reset()
		a.halves.reset()
		a.ints.reset()
		a.doubles.reset()
		a.used = 0
	}
}

// A shelf keeps buffers in the order of their capacity. The steps of a training
// ask for the same lengths over and over and get the same buffers. A length that
// has none of its own is lent a buffer of up to twice the length: the last,
// smaller batch of an epoch takes those of the others.
type shelf[T any] struct {
	free [][]T
	lent map[*T][]T
}

func (s *shelf[T]) lend(n int) []T {
	if s.lent == nil {
		s.lent = map[*T][]T{}
	}
	if n == 0 {
		return fresh[T](0)
	}
	var buf []T
	if i := s.position(n); i < len(s.free) && cap(s.free[i])-Slack <= 2*n {
		buf = s.free[i][:n]
		s.free = slices.Delete(s.free, i, i+1)
	} else {
		buf = fresh[T](n)
	}
	s.lent[&buf[0]] = buf
	return buf
}

// position returns where the first buffer for n elements is in the free ones.
func (s *shelf[T]) position(n int) int {
	return sort.Search(len(s.free), func(i int) bool { return cap(s.free[i]) >= n+Slack })
}

func (s *shelf[T]) release(buf []T) {
	if len(buf) == 0 {
		return
	}
	if lent, ok := s.lent[&buf[0]]; ok {
		delete(s.lent, &buf[0])
		s.shelve(lent)
	}
}

func (s *shelf[T]) shelve(buf []T) {
	s.free = slices.Insert(s.free, s.position(cap(buf)-Slack), buf)
}

func (s *shelf[T]) reset() {
	for p, buf := range s.lent {
		delete(s.lent, p)
		s.shelve(buf)
	}
}

package kernel

import (
	"testing"
	"unsafe"
)

// An edge is an arena for arrays of any type: they end where the accessible
// memory ends (see pages).
type edge[T any] []T

// newEdge returns an edge for up to n values.
func newEdge[T any](t testing.TB, n int) edge[T] {
	var v T
	words := pages(t, (n*int(unsafe.Sizeof(v))+3)/4)
	mem := unsafe.Slice((*T)(unsafe.Pointer(&words[0])), 4*len(words)/int(unsafe.Sizeof(v)))
	return edge[T](mem)
}

// last returns the last n values, which fill computes.
func (e edge[T]) last(n int, fill func(i int) T) []T {
	s := e[len(e)-n:]
	for i := range s {
		s[i] = fill(i)
	}
	return s
}

package tensor

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxRank is the largest number of axes a Shape can have.
const MaxRank = 4

// A Shape is the length of each axis, outermost first. It is a plain value:
// shapes are compared with == and copying one allocates nothing.
type Shape struct {
	rank int
	dim  [MaxRank]int
}

// Of returns the shape with the given axis lengths. It panics if there are
// more than MaxRank or one of them is negative.
func Of(dims ...int) Shape {
	var s Shape
	if len(dims) > MaxRank {
		panic("tensor.Of: " + strconv.Itoa(len(dims)) + " axes, at most " + strconv.Itoa(MaxRank))
	}
	for i, d := range dims {
		if d < 0 {
			panic("tensor.Of: axis " + strconv.Itoa(i) + " has negative length " + strconv.Itoa(d))
		}
		s.dim[i] = d
	}
	s.rank = len(dims)
	return s
}

// Rank returns the number of axes.
func (s Shape) Rank() int { return s.rank }

// Dim returns the length of axis i; a negative i counts from the last axis.
func (s Shape) Dim(i int) int {
	at := i
	if i < 0 {
		at += s.rank
	}
	if at < 0 || at >= s.rank {
		panic(fmt.Sprintf("tensor: shape %v has no axis %d", s, i))
	}
	return s.dim[at]
}

// Len returns the number of elements: the product of all axis lengths.
func (s Shape) Len() int {
	n := 1
	for _, d := range s.dim[:s.rank] {
		n *= d
	}
	return n
}

// WithLast returns the shape with another length of the last axis. It panics if
// there is none.
func (s Shape) WithLast(n int) Shape {
	s.Dim(-1)
	s.dim[s.rank-1] = n
	return s
}

// Dims returns the axis lengths in a new slice.
func (s Shape) Dims() []int { return append([]int(nil), s.dim[:s.rank]...) }

// String formats the shape as PyTorch users expect it: (64, 32, 32, 3).
func (s Shape) String() string {
	var b strings.Builder
	b.WriteByte('(')
	for i, d := range s.dim[:s.rank] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteByte(')')
	return b.String()
}

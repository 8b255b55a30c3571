package tensor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// panics checks that f panics with a message that contains want.
func panics(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
			t.Errorf("panic %q, want one with %q", got, want)
		}
	}()
	f()
}

func TestShape(t *testing.T) {
	for _, tt := range []struct {
		dims []int
		len  int
		str  string
	}{
		{nil, 1, "()"},
		{[]int{5}, 5, "(5)"},
		{[]int{2, 3}, 6, "(2, 3)"},
		{[]int{2, 0, 3}, 0, "(2, 0, 3)"},
		{[]int{64, 32, 16, 3}, 98304, "(64, 32, 16, 3)"},
	} {
		s := Of(tt.dims...)
		if s.Rank() != len(tt.dims) || s.Len() != tt.len || s.String() != tt.str || !slices.Equal(s.Dims(), tt.dims) {
			t.Errorf("Of(%v): rank %d, length %d, %s, %v", tt.dims, s.Rank(), s.Len(), s, s.Dims())
		}
		for i, d := range tt.dims {
			if s.Dim(i) != d || s.Dim(i-len(tt.dims)) != d {
				t.Errorf("%v: axis %d is %d and, from the end, %d", s, i, s.Dim(i), s.Dim(i-len(tt.dims)))
			}
		}
		panics(t, "shape "+tt.str+" has no axis", func() { s.Dim(len(tt.dims)) })
		panics(t, "shape "+tt.str+" has no axis", func() { s.Dim(-len(tt.dims) - 1) })
	}
	panics(t, "tensor.Of: 5 axes, at most 4", func() { Of(1, 1, 1, 1, 1) })
	panics(t, "tensor.Of: axis 1 has negative length -2", func() { Of(3, -2) })
}

func TestShapesCompare(t *testing.T) {
	if Of(2, 3) != Of([]int{2, 3}...) {
		t.Error("equal shapes differ")
	}
	for _, other := range []Shape{Of(3, 2), Of(6), Of(2, 3, 1), Of(2, 3, 0)} {
		if Of(2, 3) == other {
			t.Errorf("(2, 3) is equal to %v", other)
		}
	}
}

func TestDimsIsACopy(t *testing.T) {
	s := Of(2, 3)
	s.Dims()[0] = 7
	if s != Of(2, 3) {
		t.Errorf("the shape became %v", s)
	}
}

func TestWithLast(t *testing.T) {
	s := Of(2, 3, 4)
	if got := s.WithLast(7); got != Of(2, 3, 7) || s != Of(2, 3, 4) {
		t.Errorf("%v with a last axis of 7 is %v", s, got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a shape without axes has no last one, but got a length for it")
		}
	}()
	Of().WithLast(1)
}

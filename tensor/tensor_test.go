package tensor

import (
	"slices"
	"testing"
)

func TestFromWraps(t *testing.T) {
	data := []float32{1, 2, 3, 4, 5, 6}
	x := From(data, 2, 3)
	data[4] = 50
	if x.Shape != Of(2, 3) || x.Data[4] != 50 {
		t.Errorf("shape %v, data %v", x.Shape, x.Data)
	}
	panics(t, "tensor.From: shape (2, 2) needs 4 elements, got 6", func() { From(data, 2, 2) })
	panics(t, "tensor.From: shape () needs 1 elements, got 6", func() { From(data) })
}

func TestCloneSharesNothing(t *testing.T) {
	x := From([]float32{1, 2, 3}, 3)
	x.Grad, x.NeedGrad = []float32{4, 5, 6}, true
	c := x.Clone()
	if c.Shape != x.Shape || !slices.Equal(c.Data, x.Data) || c.Grad != nil || c.NeedGrad {
		t.Errorf("clone %+v", c)
	}
	if cap(c.Data) < len(c.Data)+Slack {
		t.Errorf("capacity %d leaves less than %d elements of slack", cap(c.Data), Slack)
	}
	c.Data[1] = -2
	if x.Data[1] != 2 {
		t.Error("writing to the clone changed the original")
	}
}

func TestNewIsZeroAndHasSlack(t *testing.T) {
	for _, x := range []*Tensor{New(2, 3), Zeros(Of(2, 3)), Uniform(NewStream(1, "x"), 0, 1, 2, 3), Normal(NewStream(1, "x"), 2, 3)} {
		if x.Shape != Of(2, 3) || len(x.Data) != 6 || cap(x.Data) < 6+Slack {
			t.Errorf("shape %v, length %d, capacity %d", x.Shape, len(x.Data), cap(x.Data))
		}
	}
	if x := New(4); slices.ContainsFunc(x.Data, func(v float32) bool { return v != 0 }) {
		t.Errorf("New: %v", x.Data)
	}
}

// A tensor of draws is the stream's own draws in order, each operation rounded
// for itself: initial weights are the same bits on every processor.
func TestDrawsFollowTheStream(t *testing.T) {
	const low, high = -0.3, 0.7
	u, n := Uniform(NewStream(1, "x"), low, high, 1000), Normal(NewStream(1, "x"), 1000)
	ru, rn := NewStream(1, "x"), NewStream(1, "x")
	for i := range 1000 {
		span := float32(high) - float32(low)
		product := span * ru.Float32()
		if want := float32(low) + float32(product); u.Data[i] != want || want < low || want >= high {
			t.Fatalf("uniform draw %d is %v, want %v", i, u.Data[i], want)
		}
		if want := float32(rn.Normal()); n.Data[i] != want {
			t.Fatalf("normal draw %d is %v, want %v", i, n.Data[i], want)
		}
	}
}

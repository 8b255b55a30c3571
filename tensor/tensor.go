package tensor

import "fmt"

// A Tensor is a dense, row-major array of float32.
type Tensor struct {
	Shape Shape
	Data  []float32 // len(Data) == Shape.Len()

	// Grad is the gradient of a loss with respect to Data, or nil. Package
	// autograd computes it for tensors that need it: parameters, and whatever
	// was computed from them.
	Grad     []float32
	NeedGrad bool
}

// New returns a tensor of zeros.
func New(dims ...int) *Tensor {
	return Zeros(Of(dims...))
}

// Zeros returns a tensor of zeros of the given shape.
func Zeros(s Shape) *Tensor {
	return &Tensor{Shape: s, Data: fresh[float32](s.Len())}
}

// From wraps data, without copying it, in a tensor of the given axis lengths.
// It panics if their product is not len(data).
func From(data []float32, dims ...int) *Tensor {
	s := Of(dims...)
	if s.Len() != len(data) {
		panic(fmt.Sprintf("tensor.From: shape %v needs %d elements, got %d", s, s.Len(), len(data)))
	}
	return &Tensor{Shape: s, Data: data}
}

// Clone returns a copy of shape and data that shares no memory with t.
func (t *Tensor) Clone() *Tensor {
	c := Zeros(t.Shape)
	copy(c.Data, t.Data)
	return c
}

// Values returns the data, or nil where there is no tensor.
func (t *Tensor) Values() []float32 {
	if t == nil {
		return nil
	}
	return t.Data
}

// Uniform returns a tensor of independent draws low + (high-low)*u, with u from
// [0, 1) and every operation rounded to float32, on every platform.
func Uniform(r *Stream, low, high float32, dims ...int) *Tensor {
	t := New(dims...)
	for i := range t.Data {
		t.Data[i] = low + float32((high-low)*r.Float32())
	}
	return t
}

// Normal returns a tensor of independent standard normal draws.
func Normal(r *Stream, dims ...int) *Tensor {
	t := New(dims...)
	for i := range t.Data {
		t.Data[i] = float32(r.Normal())
	}
	return t
}

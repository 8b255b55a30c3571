package parity

import (
	"math"
	"strings"

	"github.com/AlarioAI/bitnet/tensor"
)

// Sqrt3 is the scale of every input: uniform draws of unit variance.
const Sqrt3 = float32(1.7320508075688772)

// Uniform returns n numbers in [-1, 1) that depend on the name alone:
//
//	uniform[i] = 2*u - 1, u = (splitmix64(fnv1a64(name) + (i+1)*0x9E3779B97F4A7C15) >> 40) / 2^24
//
// Each is exact in float32.
func Uniform(name string, n int) []float32 {
	state := uint64(0xCBF29CE484222325)
	for i := range len(name) {
		state = (state ^ uint64(name[i])) * 0x100000001B3
	}
	out := make([]float32, n)
	for i := range out {
		state += 0x9E3779B97F4A7C15
		z := (state ^ state>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		out[i] = float32(z>>40)/(1<<23) - 1
	}
	return out
}

// Fill returns offset + scale * Uniform(name), product and sum each rounded
// to float32.
func Fill(name string, scale, offset float32, shape ...int) *tensor.Tensor {
	t := tensor.Zeros(tensor.Of(shape...))
	for i, u := range Uniform(name, len(t.Data)) {
		t.Data[i] = offset + float32(scale*u) // the conversion forbids a fused multiply-add
	}
	return t
}

// Parameter returns the value of the parameter or buffer that PyTorch's state
// dict calls name, of the shape it has there.
func Parameter(name string, shape ...int) *tensor.Tensor {
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case strings.Contains(last, "embedding"), strings.Contains(last, "token"):
		return Fill(name, 0.1, 0, shape...)
	case last == "running_var":
		return Fill(name, 0.5, 1, shape...)
	case last == "layer_scale":
		return Fill(name, 0.1, 0.5, shape...)
	case len(shape) >= 2:
		fanIn := tensor.Of(shape[1:]...).Len()
		return Fill(name, float32(math.Sqrt(3/float64(fanIn))), 0, shape...)
	case last == "weight":
		return Fill(name, 0.1, 1, shape...)
	}
	return Fill(name, 0.1, 0, shape...) // biases and running means
}

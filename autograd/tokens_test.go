package autograd

import (
	"fmt"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

func tokenOperations() []operation {
	return []operation{
		{"patches", [][]int{{2, 4, 6, 3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Patches(t, x[0], 2) }},
		{"embed", [][]int{{3, 4, 5}, {1, 1, 5}, {1, 5, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Embed(t, x[0], x[1], x[2]) }},
		{"narrow", [][]int{{3, 4, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Narrow(t, x[0], 1, 2) }},
		{"concat", [][]int{{3, 4, 5}, {3, 2, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Concat(t, x[0], x[1]) }},
		{"concat with itself", [][]int{{3, 4, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Concat(t, x[0], x[0]) }},
		{"chunk", [][]int{{3, 4, 6}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Chunk(t, x[0], 1, 3) }},
		{"all chunks", [][]int{{3, 4, 6}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return Add(t, Chunk(t, x[0], 0, 2), Chunk(t, x[0], 1, 2))
		}},
		{"reshape", [][]int{{3, 4, 6}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Softmax(t, Reshape(t, x[0], 2, 36)) }},
		{"reshape and use again", [][]int{{2, 6}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return Add(t, Reshape(t, Softmax(t, x[0]), 3, 4), Reshape(t, x[0], 3, 4))
		}},
		{"parts of a weight", [][]int{{4, 7}, {6, 7}, {6}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return Add(t, Linear(t, x[0], Part(t, x[1], 0, 3), Part(t, x[2], 0, 3)), Linear(t, x[0], Part(t, x[1], 2, 3), Part(t, x[2], 2, 3)))
		}},
		{"add and ReLU", [][]int{{3, 2, 6}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			first, second := Chunk(t, x[0], 0, 2), Chunk(t, x[0], 1, 2)
			return AddReLU(t, Add(t, first, first), second) // an odd number of halves: never zero
		}},
		{"add to itself and ReLU", [][]int{{3, 33}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return AddReLU(t, x[0], x[0]) }},
	}
}

func TestTokenGradients(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, o := range tokenOperations() {
		t.Run(o.name, func(t *testing.T) { checkGradients(t, workers, &o) })
	}
}

// What goes where, by values that are their own indices.
func TestTokenOrder(t *testing.T) {
	count := func(dims ...int) *tensor.Tensor {
		x := tensor.New(dims...)
		for i := range x.Data {
			x.Data[i] = float32(i)
		}
		return x
	}
	tape := Untaped()
	for _, c := range []struct {
		name string
		y    *tensor.Tensor
		want string
	}{
		// Two rows of two pixels make a patch; einops: b (h p1) (w p2) c -> b (h w) (p1 p2 c).
		{"patches", Patches(tape, count(1, 2, 4, 2), 2), "(1, 2, 8) [0 1 2 3 8 9 10 11 4 5 6 7 12 13 14 15]"},
		{"second row of patches", Narrow(tape, Patches(tape, count(1, 4, 2, 1), 2), 1, 1), "(1, 1, 4) [4 5 6 7]"},
		{"second image", Narrow(tape, Patches(tape, count(2, 1, 2, 1), 1), 0, 1), "(2, 1, 1) [0 2]"},
		{"narrow", Narrow(tape, count(2, 3, 2), 1, 2), "(2, 2, 2) [2 3 4 5 8 9 10 11]"},
		{"concat", Concat(tape, count(2, 1, 2), count(2, 2, 2)), "(2, 3, 2) [0 1 0 1 2 3 2 3 4 5 6 7]"},
		{"chunk", Chunk(tape, count(2, 1, 6), 2, 3), "(2, 1, 2) [4 5 10 11]"},
		{"part", Part(tape, count(4, 2), 1, 2), "(2, 2) [4 5 6 7]"},
		{"embed", Embed(tape, count(2, 1, 2), count(1, 1, 2), count(1, 2, 2)), "(2, 2, 2) [0 2 2 4 0 2 4 6]"},
	} {
		if got := fmt.Sprint(c.y.Shape, c.y.Data); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTokenShapes(t *testing.T) {
	tape := Untaped()
	x := tensor.New(2, 3, 4)
	for name, f := range map[string]func(){
		"patches of another size": func() { Patches(tape, tensor.New(1, 4, 6, 1), 4) },
		"embed":                   func() { Embed(tape, x, tensor.New(1, 1, 4), tensor.New(1, 3, 4)) },
		"narrow":                  func() { Narrow(tape, x, 2, 2) },
		"concat":                  func() { Concat(tape, x, tensor.New(2, 3, 5)) },
		"chunk":                   func() { Chunk(tape, x, 0, 3) },
		"part":                    func() { Part(tape, x, 0, 3) },
		"reshape":                 func() { Reshape(tape, x, 23) },
		"add and ReLU":            func() { AddReLU(tape, x, tensor.New(2, 3, 5)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// On a dry tape shapes are right and nothing is computed.
func TestDryTape(t *testing.T) {
	x := tensor.New(2, 6, 6, 3)
	x.Data[0] = 1
	y := ReLU(Dry(), Conv(Dry(), x, tensor.New(5, 3, 3, 3), nil, geometry(3, 3, 2, 2, 1, 1, 1, 1, 1)))
	if y.Shape != tensor.Of(2, 3, 3, 5) || slices.Max(y.Data) != 0 {
		t.Errorf("shape %v with values up to %g", y.Shape, slices.Max(y.Data))
	}
	if r := ReLU(Dry(), x); r.Data[0] != 0 {
		t.Errorf("a dry tape computed %g", r.Data[0])
	}
}

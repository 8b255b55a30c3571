package autograd

import (
	"fmt"
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Operations in one pass compute what the same operations do one by one, and so
// do their gradients, whether their result has one user or more.
func TestFusedIsItsParts(t *testing.T) {
	type operands = []*tensor.Tensor
	norm := func(x operands, i, c int) Norm { return Norm{Weight: x[i], Bias: x[i+1], BatchStats: stats(c)} }
	one := func(t *Tape, x *tensor.Tensor, n Norm, training bool) *tensor.Tensor {
		return BatchNorm(t, x, n.Weight, n.Bias, n.BatchStats, training, false)
	}
	type op func(t *Tape, x operands, c int, training bool) *tensor.Tensor
	then := func(f Then) op {
		return func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			return BatchNormThen(t, x[0], norm(x, 2, c), training, f)
		}
	}
	behind := func(f func(*Tape, *tensor.Tensor) *tensor.Tensor) op {
		return func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			return f(t, one(t, x[0], norm(x, 2, c), training))
		}
	}
	depth := func() *tensor.Stream { return tensor.NewStream(3, "depth") }
	for _, test := range []struct {
		name         string
		fused, parts op
	}{
		{"ReLU", then(ThenReLU), behind(ReLU)},
		{"ReLU6", then(ThenReLU6), behind(ReLU6)},
		{"SiLU", then(ThenSiLU), behind(SiLU)},
		{"Hardswish", then(ThenHardswish), behind(Hardswish)},
		{"add", func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			return AddNorm(t, x[0], norm(x, 2, c), x[1], nil, training, false)
		}, func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			return Add(t, one(t, x[0], norm(x, 2, c), training), x[1])
		}},
		{"add and ReLU", func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			return AddNorm(t, x[0], norm(x, 2, c), x[1], nil, training, true)
		}, func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			return AddReLU(t, one(t, x[0], norm(x, 2, c), training), x[1])
		}},
		{"add two norms and ReLU", func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			rn := norm(x, 4, c)
			return AddNorm(t, x[0], norm(x, 2, c), x[1], &rn, training, true)
		}, func(t *Tape, x operands, c int, training bool) *tensor.Tensor {
			return AddReLU(t, one(t, x[0], norm(x, 2, c), training), one(t, x[1], norm(x, 4, c), training))
		}},
		{"add scaled", func(t *Tape, x operands, c int, _ bool) *tensor.Tensor {
			return AddScaled(t, x[1], x[0], x[2], 0.4, depth())
		}, func(t *Tape, x operands, c int, _ bool) *tensor.Tensor {
			return Add(t, StochasticDepth(t, LayerScale(t, x[0], x[2]), 0.4, depth()), x[1])
		}},
	} {
		for _, c := range []int{3, 16, 40} {
			for _, training := range []bool{true, false} {
				for users := 1; users <= 3; users++ {
					t.Run(fmt.Sprintf("%s/channels=%d/training=%v/users=%d", test.name, c, training, users), func(t *testing.T) {
						var loss [2]float32
						var x [2]operands
						workers := parallel.New(2)
						defer workers.Close()
						for i, f := range []op{test.fused, test.parts} {
							for k, dims := range [][]int{{5, 7, 9, c}, {5, 7, 9, c}, {c}, {c}, {c}, {c}} {
								v := tensor.Normal(tensor.NewStream(uint64(k), "operands"), dims...)
								v.NeedGrad = true
								x[i] = append(x[i], v)
							}
							tape := NewTape(workers)
							in := operands{Sigmoid(tape, x[i][0]), Sigmoid(tape, x[i][1])}
							y := f(tape, append(in, x[i][2:]...), c, training)
							sum := SiLU(tape, y)
							for range users - 1 {
								sum = Add(tape, sum, GELU(tape, y))
							}
							sum = Add(tape, sum, in[1]) // a shortcut with another user
							flat := Reshape(tape, sum, 5*7*9, c)
							labels := make([]int32, 5*7*9)
							for k := range labels {
								labels[k] = int32(k % c)
							}
							l := CrossEntropy(tape, flat, labels)
							tape.Backward(l)
							loss[i] = l.Data[0]
						}
						if math.Abs(float64(loss[0]-loss[1])) > 1e-5 {
							t.Errorf("loss %v, want %v", loss[0], loss[1])
						}
						for k, v := range x[1] {
							size := 0.0
							for _, g := range v.Grad {
								size = max(size, math.Abs(float64(g)))
							}
							for j, want := range v.Grad {
								if got := x[0][k].Grad[j]; !(math.Abs(float64(got-want)) <= 2e-5*size) {
									t.Fatalf("gradient %d of operand %d is %v, want %v of up to %v", j, k, got, want, size)
								}
							}
							if (x[0][k].Grad == nil) != (v.Grad == nil) {
								t.Errorf("operand %d has a gradient in one form only", k)
							}
						}
					})
				}
			}
		}
	}
}

func TestFusedRefuseShapes(t *testing.T) {
	x, c := tensor.New(2, 3, 3, 4), tensor.New(4)
	n := Norm{Weight: c, Bias: c, BatchStats: stats(4)}
	for name, call := range map[string]func(tape *Tape){
		"sum": func(tape *Tape) { AddNorm(tape, x, n, tensor.New(2, 3, 4), nil, true, true) },
		"weight": func(tape *Tape) {
			AddNorm(tape, x, Norm{Weight: tensor.New(3), Bias: c, BatchStats: stats(4)}, x, nil, true, true)
		},
		"shortcut": func(tape *Tape) {
			AddNorm(tape, x, n, x, &Norm{Weight: c, Bias: tensor.New(5), BatchStats: stats(4)}, true, true)
		},
		"scale":          func(tape *Tape) { AddScaled(tape, x, x, tensor.New(3), 0, nil) },
		"no scale":       func(tape *Tape) { AddScaled(tape, x, tensor.New(2, 3), nil, 0, nil) },
		"no probability": func(tape *Tape) { AddScaled(tape, x, x, c, 1.5, tensor.NewStream(1, "")) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call(Untaped())
		}()
	}
}

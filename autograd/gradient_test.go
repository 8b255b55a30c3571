package autograd

import (
	"fmt"
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// An operation under test: f of some operands, which are drawn at random.
type operation struct {
	name     string
	operands [][]int
	spread   float32 // distance of the values of the first operand, where ties or kinks must be avoided; 0: normal draws
	f        func(t *Tape, x []*tensor.Tensor) *tensor.Tensor
}

func geometry(kh, kw, sh, sw, ph, pw, dh, dw, groups int) Geometry {
	return Geometry{Kernel: [2]int{kh, kw}, Stride: [2]int{sh, sw}, Padding: [2]int{ph, pw}, Dilation: [2]int{dh, dw}, Groups: groups}
}

func window(k, s, p int) Window {
	return Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Padding: [2]int{p, p}}
}

func stats(c int) BatchStats {
	s := BatchStats{Mean: tensor.New(c), Var: tensor.New(c), Momentum: 0.1, Eps: 1e-5}
	for i := range c {
		s.Mean.Data[i], s.Var.Data[i] = 0.1*float32(i), 1+0.2*float32(i)
	}
	return s
}

func operations() []operation {
	conv := func(g Geometry) func(*Tape, []*tensor.Tensor) *tensor.Tensor {
		return func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Conv(t, x[0], x[1], x[2], g) }
	}
	norm := func(training, relu bool) func(*Tape, []*tensor.Tensor) *tensor.Tensor {
		return func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return BatchNorm(t, x[0], x[1], x[2], stats(3), training, relu)
		}
	}
	then := func(training bool, f Then) func(*Tape, []*tensor.Tensor) *tensor.Tensor {
		return func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return BatchNormThen(t, x[0], Norm{Weight: x[1], Bias: x[2], BatchStats: stats(3)}, training, f)
		}
	}
	return []operation{
		{"linear", [][]int{{4, 7}, {5, 7}, {5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Linear(t, x[0], x[1], x[2]) }},
		{"linear tokens", [][]int{{2, 3, 7}, {5, 7}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Linear(t, x[0], x[1], nil) }},
		{"conv 3x3", [][]int{{2, 5, 6, 3}, {4, 3, 3, 3}, {4}}, 0, conv(geometry(3, 3, 1, 1, 1, 1, 1, 1, 1))},
		{"conv rectangle", [][]int{{2, 5, 6, 3}, {4, 1, 3, 3}, {4}}, 0, conv(geometry(1, 3, 1, 2, 0, 1, 1, 1, 1))},
		{"conv stride", [][]int{{2, 7, 6, 3}, {4, 3, 3, 3}, {4}}, 0, conv(geometry(3, 3, 2, 2, 1, 1, 1, 1, 1))},
		{"conv dilation", [][]int{{1, 7, 7, 3}, {4, 3, 3, 3}, {4}}, 0, conv(geometry(3, 3, 1, 1, 2, 2, 2, 2, 1))},
		{"conv groups", [][]int{{2, 5, 5, 6}, {4, 3, 3, 3}, {4}}, 0, conv(geometry(3, 3, 1, 1, 1, 1, 1, 1, 2))},
		{"conv depthwise", [][]int{{2, 5, 5, 6}, {6, 3, 3, 1}, {6}}, 0, conv(geometry(3, 3, 2, 2, 1, 1, 1, 1, 6))},
		{"batch norm training", [][]int{{4, 3, 3, 3}, {3}, {3}}, 0, norm(true, false)},
		{"batch norm evaluation", [][]int{{4, 3, 3, 3}, {3}, {3}}, 0, norm(false, false)},
		{"batch norm with pooling", [][]int{{3, 4, 6, 3}, {3}, {3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return BatchNormPool(t, x[0], Norm{Weight: x[1], Bias: x[2], BatchStats: stats(3)}, false)
		}},
		{"layer norm", [][]int{{2, 3, 9}, {9}, {9}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return LayerNorm(t, x[0], x[1], x[2], 1e-5)
		}},
		{"layer norm plain", [][]int{{4, 9}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return LayerNorm(t, x[0], nil, nil, 1e-5)
		}},
		{"RMS norm", [][]int{{4, 9}, {9}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return RMSNorm(t, x[0], x[1], 1e-6) }},
		{"ReLU", [][]int{{3, 33}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return ReLU(t, x[0]) }},
		{"ReLU6", [][]int{{3, 51}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return ReLU6(t, x[0]) }},
		{"sigmoid", [][]int{{3, 33}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Sigmoid(t, x[0]) }},
		{"hard sigmoid", [][]int{{3, 33}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Hardsigmoid(t, x[0]) }},
		{"SiLU", [][]int{{3, 33}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return SiLU(t, x[0]) }},
		{"hard swish", [][]int{{3, 33}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Hardswish(t, x[0]) }},
		{"GELU", [][]int{{3, 33}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return GELU(t, x[0]) }},
		{"average pool", [][]int{{2, 6, 6, 3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return AvgPool(t, x[0], window(2, 2, 0)) }},
		{"average pool odd", [][]int{{2, 7, 5, 3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return AvgPool(t, x[0], window(2, 2, 0)) }},
		{"average pool overlapping", [][]int{{2, 6, 5, 3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return AvgPool(t, x[0], window(3, 2, 1)) }},
		{"max pool", [][]int{{2, 6, 6, 3}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return MaxPool(t, x[0], window(2, 2, 0)) }},
		{"max pool overlapping", [][]int{{2, 6, 5, 3}}, 0.1, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return MaxPool(t, x[0], window(3, 2, 1)) }},
		{"adaptive average pool", [][]int{{2, 5, 7, 3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return AdaptiveAvgPool(t, x[0], 3, 4)
		}},
		{"global average pool", [][]int{{2, 5, 7, 3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return AdaptiveAvgPool(t, x[0], 1, 1)
		}},
		{"scale channels", [][]int{{2, 3, 4, 5}, {2, 1, 1, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return ScaleChannels(t, x[0], x[1])
		}},
		{"layer scale", [][]int{{2, 3, 4, 5}, {5, 1, 1}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return LayerScale(t, x[0], x[1])
		}},
		{"batch norm and SiLU", [][]int{{4, 3, 3, 3}, {3}, {3}}, 0, then(true, ThenSiLU)},
		{"batch norm and SiLU in evaluation", [][]int{{4, 3, 3, 3}, {3}, {3}}, 0, then(false, ThenSiLU)},
		{"batch norm and hard swish", [][]int{{4, 3, 3, 3}, {3}, {3}}, 0, then(true, ThenHardswish)},
		{"batch norm and sum", [][]int{{4, 3, 3, 3}, {3}, {3}, {4, 3, 3, 3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return AddNorm(t, x[0], Norm{Weight: x[1], Bias: x[2], BatchStats: stats(3)}, x[3], nil, true, false)
		}},
		{"two batch norms and sum", [][]int{{4, 3, 3, 3}, {3}, {3}, {4, 3, 3, 3}, {3}, {3}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return AddNorm(t, x[0], Norm{Weight: x[1], Bias: x[2], BatchStats: stats(3)}, x[3], &Norm{Weight: x[4], Bias: x[5], BatchStats: stats(3)}, true, false)
		}},
		{"sum with layer scale", [][]int{{5, 3, 4, 5}, {5, 3, 4, 5}, {5, 1, 1}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return AddScaled(t, x[0], x[1], x[2], 0, nil)
		}},
		{"sum with layer scale and stochastic depth", [][]int{{5, 3, 4, 5}, {5, 3, 4, 5}, {5, 1, 1}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return AddScaled(t, x[0], x[1], x[2], 0.4, tensor.NewStream(1, "depth"))
		}},
		{"sum with stochastic depth", [][]int{{5, 3, 4, 5}, {5, 3, 4, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return AddScaled(t, x[0], x[1], nil, 0.4, tensor.NewStream(1, "depth"))
		}},
		{"flatten", [][]int{{2, 3, 4, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Flatten(t, x[0]) }},
		{"dropout", [][]int{{4, 25}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return Dropout(t, x[0], 0.4, tensor.NewStream(1, "dropout"))
		}},
		{"stochastic depth", [][]int{{6, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return StochasticDepth(t, x[0], 0.4, tensor.NewStream(1, "depth"))
		}},
		{"add", [][]int{{3, 5}, {3, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Add(t, x[0], x[1]) }},
		{"add to itself", [][]int{{3, 5}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Add(t, x[0], x[0]) }},
		{"softmax", [][]int{{4, 7}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor { return Softmax(t, x[0]) }},
		{"cross entropy", [][]int{{4, 7}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return CrossEntropy(t, x[0], []int32{0, 6, 3, 3})
		}},
		{"two uses", [][]int{{4, 7}, {7, 7}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
			return Add(t, Linear(t, x[0], x[1], nil), Softmax(t, x[0]))
		}},
	}
}

func (o *operation) draw() []*tensor.Tensor {
	var all []*tensor.Tensor
	for i, dims := range o.operands {
		r := tensor.NewStream(7, o.name, uint64(i))
		x := tensor.Normal(r, dims...)
		if i == 0 && o.spread > 0 {
			for k, p := range r.Perm(len(x.Data)) {
				x.Data[k] = o.spread * (float32(p-len(x.Data)/2) + 0.5)
			}
		}
		x.NeedGrad = true
		all = append(all, x)
	}
	return all
}

// Every gradient of every operation against central differences of
// sum(dy * y) for a random dy.
func TestGradients(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, level := range cpu.Levels() {
		for _, o := range operations() {
			t.Run(fmt.Sprint(level, "/", o.name), func(t *testing.T) {
				defer cpu.Force(level)()
				checkGradients(t, workers, &o)
			})
		}
	}
}

func checkGradients(t *testing.T, workers *parallel.Pool, o *operation) {
	tape, x := NewTape(workers), o.draw()
	y := o.f(tape, x)
	dy := tensor.Normal(tensor.NewStream(8, o.name), y.Shape.Dims()...).Data
	tape.BackwardFrom(y, dy)

	value := func() float64 {
		t := Untaped()
		sum := 0.0
		for i, v := range o.f(t, x).Data {
			sum += float64(dy[i]) * float64(v)
		}
		return sum
	}
	for i, operand := range x {
		if len(operand.Grad) != len(operand.Data) {
			t.Fatalf("operand %d: %d gradients for %d values", i, len(operand.Grad), len(operand.Data))
		}
		scale := 0.0
		numeric := make([]float64, len(operand.Data))
		for k, v := range operand.Data {
			const h = 1.0 / 128
			operand.Data[k] = v + h
			up := value()
			operand.Data[k] = v - h
			numeric[k] = (up - value()) / (2 * h)
			operand.Data[k] = v
			scale = max(scale, math.Abs(numeric[k]))
		}
		for k, want := range numeric {
			if e := math.Abs(float64(operand.Grad[k]) - want); !(e <= 2e-3*scale) {
				t.Errorf("operand %d, element %d: gradient %g, central difference %g", i, k, operand.Grad[k], want)
			}
		}
	}
}

// A batch norm with ReLU is the batch norm and the ReLU, gradients included.
func TestBatchNormReLU(t *testing.T) {
	draw := func() (x []*tensor.Tensor) {
		o := operation{name: "fused", operands: [][]int{{5, 4, 3, 6}, {6}, {6}}}
		return o.draw()
	}
	for _, training := range []bool{true, false} {
		fused, plain := draw(), draw()
		tapes := [2]*Tape{NewTape(nil), NewTape(nil)}
		a := BatchNorm(tapes[0], fused[0], fused[1], fused[2], stats(6), training, true)
		b := ReLU(tapes[1], BatchNorm(tapes[1], plain[0], plain[1], plain[2], stats(6), training, false))
		dy := tensor.Normal(tensor.NewStream(3, "dy"), a.Shape.Dims()...).Data
		tapes[0].BackwardFrom(a, dy)
		tapes[1].BackwardFrom(b, dy)
		equal(t, "output", a.Data, b.Data)
		for i := range fused {
			equal(t, fmt.Sprint("gradient ", i), fused[i].Grad, plain[i].Grad)
		}
	}
}

func equal(t *testing.T, what string, a, b []float32) {
	t.Helper()
	for i := range a {
		if d := math.Abs(float64(a[i] - b[i])); d > 1e-5 {
			t.Fatalf("%s: element %d is %g and %g", what, i, a[i], b[i])
		}
	}
}

// One tape, used again and again, gives the same bits for one and two workers.
func TestSameBits(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, o := range operations() {
		var first [][]float32
		for _, pool := range []*parallel.Pool{nil, workers} {
			tape := NewTape(pool)
			for range 3 {
				tape.Reset()
				x := o.draw()
				y := o.f(tape, x)
				got := [][]float32{append([]float32(nil), y.Data...)}
				tape.BackwardFrom(y, tensor.Normal(tensor.NewStream(8, o.name), y.Shape.Dims()...).Data)
				for _, operand := range x {
					got = append(got, append([]float32(nil), operand.Grad...)) // the tape will take the gradient back
				}
				if first == nil {
					first = got
				}
				for i := range got {
					for k, v := range got[i] {
						if v != first[i][k] {
							t.Fatalf("%s: array %d, element %d is %g, was %g", o.name, i, k, v, first[i][k])
						}
					}
				}
			}
		}
	}
}

func TestRunningStatistics(t *testing.T) {
	s := stats(2)
	s.Mean.Data[0], s.Var.Data[0] = 0, 1
	x := tensor.From([]float32{1, 0, 2, 0, 3, 0, 6, 0}, 4, 2)
	BatchNorm(Untaped(), x, tensor.From([]float32{1, 1}, 2), tensor.From([]float32{0, 0}, 2), s, true, false)
	// mean 3, unbiased variance 14/3; momentum 0.1
	if got := s.Mean.Data[0]; math.Abs(float64(got)-0.3) > 1e-6 {
		t.Errorf("running mean %g, want 0.3", got)
	}
	if got, want := float64(s.Var.Data[0]), 0.9+0.1*14/3; math.Abs(got-want) > 1e-6 {
		t.Errorf("running variance %g, want %g", got, want)
	}
}

func TestShapeMistakesPanic(t *testing.T) {
	a, b, images := tensor.New(2, 3), tensor.New(3, 2), tensor.New(2, 3, 3, 4)
	for name, f := range map[string]func(){
		"add":                             func() { Add(Untaped(), a, b) },
		"linear":                          func() { Linear(Untaped(), a, b, nil) },
		"conv":                            func() { Conv(Untaped(), a, tensor.New(2, 3, 3, 3), nil, geometry(3, 3, 1, 1, 1, 1, 1, 1, 1)) },
		"pool":                            func() { AvgPool(Untaped(), a, window(2, 2, 0)) },
		"scale channels of other samples": func() { ScaleChannels(Untaped(), images, tensor.New(1, 1, 1, 4)) },
		"scale other channels":            func() { ScaleChannels(Untaped(), images, tensor.New(2, 1, 1, 3)) },
		"scale channels of a matrix":      func() { ScaleChannels(Untaped(), a, tensor.New(2, 1, 1, 3)) },
		"layer scale":                     func() { LayerScale(Untaped(), images, tensor.New(3)) },
		"layer scale of nothing":          func() { LayerScale(Untaped(), tensor.New(2, 0), tensor.New(0)) },
		"adaptive pool of a matrix":       func() { AdaptiveAvgPool(Untaped(), a, 1, 1) },
		"adaptive pool to nothing":        func() { AdaptiveAvgPool(Untaped(), images, 0, 1) },
		"adaptive pool of nothing":        func() { AdaptiveAvgPool(Untaped(), tensor.New(2, 0, 3, 4), 1, 1) },
		"cross entropy":                   func() { CrossEntropy(Untaped(), a, []int32{0}) },
		"label":                           func() { CrossEntropy(Untaped(), a, []int32{0, 3}) },
		"backward":                        func() { NewTape(nil).Backward(a) },
	} {
		func() {
			defer func() {
				if message, ok := recover().(string); !ok || message == "" {
					t.Errorf("%s: no panic with a message", name)
				}
			}()
			f()
		}()
	}
}

// A batch norm with ReLU and pooling is the three of them, gradients included.
func TestBatchNormPool(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, shape := range [][]int{{3, 4, 6, 6}, {40, 28, 28, 6}, {7, 10, 10, 16}, {2, 2, 2, 33}} {
		c := shape[3]
		for _, training := range []bool{true, false} {
			o := operation{name: "pooled", operands: [][]int{shape, {c}, {c}}}
			fused, plain := o.draw(), o.draw()
			tapes := [2]*Tape{NewTape(workers), NewTape(nil)}
			a := BatchNormPool(tapes[0], fused[0], Norm{Weight: fused[1], Bias: fused[2], BatchStats: stats(c)}, training)
			b := AvgPool(tapes[1], BatchNorm(tapes[1], plain[0], plain[1], plain[2], stats(c), training, true), window(2, 2, 0))
			dy := tensor.Normal(tensor.NewStream(3, "dy"), a.Shape.Dims()...).Data
			tapes[0].BackwardFrom(a, dy)
			tapes[1].BackwardFrom(b, dy)
			equal(t, "output", a.Data, b.Data)
			equal(t, "dx", fused[0].Grad, plain[0].Grad)
			for i := range c {
				for k := 1; k < 3; k++ {
					got, want := fused[k].Grad[i], plain[k].Grad[i]
					if d := math.Abs(float64(got - want)); d > 1e-3 {
						t.Errorf("%v: gradient %d of channel %d is %g, want %g", shape, k, i, got, want)
					}
				}
			}
		}
	}
}

// A batch norm over many blocks, with rows left over, against the formula in
// float64.
func TestBatchNormBlocks(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, c := range []int{1, 3, 6, 16, 40} {
		const rows = 7013
		x := tensor.Normal(tensor.NewStream(1, "x"), rows, c)
		for i := range x.Data {
			x.Data[i] += float32(i/c) / 2000 // blocks with means of their own
		}
		weight, bias := tensor.Normal(tensor.NewStream(2, "w"), c), tensor.Normal(tensor.NewStream(3, "b"), c)
		for _, p := range []*tensor.Tensor{x, weight, bias} {
			p.NeedGrad = true
		}
		tape := NewTape(workers)
		y := BatchNorm(tape, x, weight, bias, stats(c), true, true)
		dy := tensor.Normal(tensor.NewStream(4, "dy"), rows, c).Data
		tape.BackwardFrom(y, dy)
		for j := range c {
			mean, variance, dbias, dweight := 0.0, 0.0, 0.0, 0.0
			for i := j; i < len(x.Data); i += c {
				mean += float64(x.Data[i]) / rows
			}
			for i := j; i < len(x.Data); i += c {
				d := float64(x.Data[i]) - mean
				variance += d * d / rows
			}
			rstd := 1 / math.Sqrt(variance+1e-5)
			masked := func(i int) (g, xhat float64) {
				xhat = (float64(x.Data[i]) - mean) * rstd
				want := max(0, xhat*float64(weight.Data[j])+float64(bias.Data[j]))
				if e := math.Abs(float64(y.Data[i]) - want); e > 1e-5 {
					t.Fatalf("%d channels: y[%d] = %g, want %g", c, i, y.Data[i], want)
				}
				if y.Data[i] > 0 {
					g = float64(dy[i])
				}
				return g, xhat
			}
			for i := j; i < len(x.Data); i += c {
				g, xhat := masked(i)
				dbias += g
				dweight += g * xhat
			}
			if e := math.Abs(float64(bias.Grad[j]) - dbias); e > 1e-3 {
				t.Errorf("%d channels: dbias[%d] = %g, want %g", c, j, bias.Grad[j], dbias)
			}
			if e := math.Abs(float64(weight.Grad[j]) - dweight); e > 1e-3 {
				t.Errorf("%d channels: dweight[%d] = %g, want %g", c, j, weight.Grad[j], dweight)
			}
			for i := j; i < len(x.Data); i += c {
				g, xhat := masked(i)
				want := float64(weight.Data[j]) * rstd * (g - dbias/rows - xhat*dweight/rows)
				if e := math.Abs(float64(x.Grad[i]) - want); e > 1e-5 {
					t.Fatalf("%d channels: dx[%d] = %g, want %g", c, i, x.Grad[i], want)
				}
			}
		}
	}
}

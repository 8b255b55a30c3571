package benchmark

import (
	"fmt"
	"strings"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/internal/pages"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A layer is a product with a weight.
type layer struct {
	name string
	n    int // samples
	gemm.Conv
}

// A pass is what is measured of a layer.
type pass struct {
	name string
	Bound
	run func(l layer, workers *parallel.Pool) (before, step func())
}

// floatPasses are those of training in float32, packing of the weight included.
func floatPasses(b Bound) []pass {
	return []pass{
		{"float/forward", b, onTape(quant.Float, forward)},
		{"float/dx", b, onTape(quant.Float, inputGradient)},
		{"float/dw", b, onTape(quant.Float, weightGradient)},
	}
}

// ternaryPasses are those of training as a BitNet: the exact product of codes,
// without the quantisation of its operands, the gradient of the input, which is
// looked up in float32, and that of the weight in integers and by bfloat16. What is as
// exact as float32 is compared with its peak.
func ternaryPasses() []pass {
	return []pass{
		{"int8/forward", Int8, codesForward},
		{"ternary/dx", F32, onTape(quant.B158, inputGradient)},
		{"digits/dw", F32, onTape(quant.B158, weightGradient)},
		{"bf16/dw", BF16, onTape(quant.B158BF16, weightGradient)},
	}
}

func square(side, c, o, kernel int) gemm.Conv {
	return gemm.Conv{H: side, W: side, C: c, O: o, KH: kernel, KW: kernel, SH: 1, SW: 1,
		PH: kernel / 2, PW: kernel / 2, DH: 1, DW: 1, Groups: 1}
}

func depthwise(side, c, kernel int) gemm.Conv {
	g := square(side, c, c, kernel)
	g.Groups = c
	return g
}

// layerCases are the large layers of residual networks, a product of two square
// matrices and the depthwise convolutions of mobile networks. These have so few
// operations for each value that memory may bound them. Only a part of the
// samples is taken, but one at least.
func layerCases(part int) (all []Case) {
	for _, row := range []struct {
		layer
		passes [][]pass
	}{
		{layer{"linear/1024to1024", 1024, gemm.Linear(1024, 1024)}, [][]pass{floatPasses(F32), ternaryPasses()}},
		{layer{"conv3x3/256to256/8x8", 32, square(8, 256, 256, 3)}, [][]pass{floatPasses(F32), ternaryPasses()}},
		{layer{"conv3x3/64to64/32x32", 32, square(32, 64, 64, 3)}, [][]pass{floatPasses(F32), ternaryPasses()}},
		{layer{"conv1x1/256to64/16x16", 32, square(16, 256, 64, 1)}, [][]pass{floatPasses(F32), ternaryPasses()}},
		{layer{"depthwise3x3/144/56x56", 16, depthwise(56, 144, 3)}, [][]pass{floatPasses(Memory)}},
		{layer{"depthwise5x5/144/56x56", 16, depthwise(56, 144, 5)}, [][]pass{floatPasses(Memory)}},
	} {
		row.n = max(1, row.n/part)
		for _, passes := range row.passes {
			for _, p := range passes {
				all = append(all, row.of(p))
			}
		}
	}
	return all
}

// of returns the case of a pass. Products with padding count as operations.
func (l layer) of(p pass) Case {
	x, w, y := float64(l.n*l.H*l.W*l.C), float64(l.O*l.K()), float64(l.n*l.OutH()*l.OutW()*l.O)
	c := Case{Name: fmt.Sprintf("%s/%d/%s", l.name, l.n, p.name), Bound: p.Bound, Ops: 2 * y * float64(l.K())}
	switch {
	case p.Bound == Int8:
		c.Reads, c.Writes = x+w, 4*y
	case strings.HasSuffix(p.name, "dx"):
		c.Reads, c.Writes = 4*(y+w), 4*x
	case strings.HasSuffix(p.name, "dw"):
		c.Reads, c.Writes = 4*(y+x), 4*w
	default:
		c.Reads, c.Writes = 4*(x+w), 4*y
	}
	c.prepare = func(workers *parallel.Pool) (before, step func()) { return p.run(l, workers) }
	return c
}

// codesForward is the product of activation codes and ternary ones.
func codesForward(l layer, workers *parallel.Pool) (before, step func()) {
	p, arena := gemm.NewPlan(l.Conv), new(tensor.Arena)
	rng := tensor.NewStream(0, "codes")
	codes, xcodes := arena.Codes(l.O*l.K()), arena.Bytes(l.n*p.Input.Len())
	for i := range codes {
		codes[i] = int8(rng.Intn(3) - 1)
	}
	for i := range xcodes {
		xcodes[i] = uint8(rng.Intn(255) + 1)
	}
	scales, y := random(l.n), arena.Floats(l.n*l.OutH()*l.OutW()*l.O)
	packing := new(tensor.Arena)
	return nil, func() {
		packing.Reset()
		p.ForwardCodes(workers, packing, y, xcodes, l.n, p.PackCodes(workers, packing, codes), scales, nil, nil)
	}
}

// An output is what a pass computes.
type output int

const (
	forward output = iota
	inputGradient
	weightGradient
)

// onTape computes a layer as training does.
func onTape(r quant.Recipe, what output) func(l layer, workers *parallel.Pool) (before, step func()) {
	return func(l layer, workers *parallel.Pool) (before, step func()) {
		x, w := operand(l.n, l.H, l.W, l.C), operand(l.O, l.KH, l.KW, l.C/l.Groups)
		x.NeedGrad, w.NeedGrad = what != weightGradient, what != inputGradient
		g := autograd.Geometry{
			Kernel: [2]int{l.KH, l.KW}, Stride: [2]int{l.SH, l.SW}, Padding: [2]int{l.PH, l.PW}, Dilation: [2]int{l.DH, l.DW},
			Groups: l.Groups,
		}
		run := func(t *autograd.Tape) *tensor.Tensor { return r.Conv(t, x, w, nil, g) }
		if what == forward {
			return forwardOf(workers, run)
		}
		return backwardOf(workers, x, run)
	}
}

// forwardOf returns the forward pass of an operation.
func forwardOf(workers *parallel.Pool, run func(t *autograd.Tape) *tensor.Tensor) (before, step func()) {
	t := autograd.NewTape(workers)
	return t.Reset, func() { run(t) }
}

// backwardOf returns the backward pass of an operation on x, without the
// forward pass before it.
func backwardOf(workers *parallel.Pool, x *tensor.Tensor, run func(t *autograd.Tape) *tensor.Tensor) (before, step func()) {
	t, loss := autograd.NewTape(workers), tensor.New(1)
	var dy []float32
	before = func() {
		t.Reset()
		x.Grad = nil
		y := run(t)
		if dy == nil {
			dy = random(len(y.Data))
		}
		*autograd.Push[begin](t, loss) = begin{y, dy}
	}
	return before, func() { t.BackwardFrom(loss, []float32{1}) }
}

// begin is an operation on y with the gradient dy. The tape's arena has not
// lent dy, and so leaves it alone.
type begin struct {
	y  *tensor.Tensor
	dy []float32
}

func (o *begin) Backward(t *autograd.Tape) { t.AddGrad(o.y, o.dy) }

// operand returns a tensor of normal draws, with the room behind it that
// operations give their results.
func operand(dims ...int) *tensor.Tensor {
	return tensor.From(random(tensor.Of(dims...).Len()), dims...)
}

// random returns normal draws, the same few again and again.
func random(n int) []float32 {
	const few = 1<<16 - 1
	draws := tensor.Normal(tensor.NewStream(0, "operand"), min(n, few)).Data
	x := pages.Make[float32](0, n+tensor.Slack)
	for len(x) < n {
		x = append(x, draws[:min(len(draws), n-len(x))]...)
	}
	return x
}

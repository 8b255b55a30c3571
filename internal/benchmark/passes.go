package benchmark

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/moments"
	"github.com/AlarioAI/bitnet/internal/pages"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// Cases returns everything that can be measured.
func Cases() []Case { return append(layerCases(1), passCases(64)...) }

// A prepare makes the operands of a pass, of so many samples.
type prepare func(samples int, workers *parallel.Pool) (before, step func())

// A sample is an image of the first blocks of a residual network, or as many
// values in another shape. 64 of them are 51 MB, more than caches hold.
const (
	side, channels = 56, 64
	sample         = side * side * channels
	tokenWidth     = 512
)

// passCases are the passes in which every value of an operand takes part in a
// few operations. ops is how many for each value, where a square root, an
// exponential or a division counts as one; reads and writes are in bytes for
// each value.
func passCases(samples int) (all []Case) {
	for _, row := range []struct {
		name               string
		ops, reads, writes float64
		prepare
	}{
		{"batchnorm/forward", 6, 4, 4, images(forward, batchNorm(true))},
		{"batchnorm/backward", 8, 12, 4, images(inputGradient, batchNorm(false))},
		{"layernorm/forward", 8, 4, 4, tokens(forward, layerNorm())},
		{"layernorm/backward", 11, 8, 4, tokens(inputGradient, layerNorm())},
		{"relu/forward", 1, 4, 4, images(forward, autograd.ReLU)},
		{"relu/backward", 1, 8, 4, images(inputGradient, autograd.ReLU)},
		{"hardswish/forward", 5, 4, 4, images(forward, autograd.Hardswish)},
		{"hardswish/backward", 5, 8, 4, images(inputGradient, autograd.Hardswish)},
		{"silu/forward", 4, 4, 4, images(forward, autograd.SiLU)},
		{"silu/backward", 8, 8, 4, images(inputGradient, autograd.SiLU)},
		{"gelu/forward", 5, 4, 4, images(forward, autograd.GELU)},
		{"gelu/backward", 9, 8, 4, images(inputGradient, autograd.GELU)},
		{"activations/quantise", 7, 4, 1, quantise},
		{"activations/dequantise", 2, 1, 4, dequantise},
		{"activations/backward", 6, 8, 4, quantiseBackward},
		{"weights/quantise", 4, 4, 1, quantiseWeights},
		{"adam", 14, 16, 16, adam},
	} {
		values := float64(samples * sample)
		all = append(all, Case{
			Name: row.name, Bound: Memory, Ops: row.ops * values, Reads: row.reads * values, Writes: row.writes * values,
			prepare: func(workers *parallel.Pool) (before, step func()) { return row.prepare(samples, workers) },
		})
	}
	return all
}

// An operation computes y from x.
type operation = func(t *autograd.Tape, x *tensor.Tensor) *tensor.Tensor

func images(what output, op operation) prepare {
	return func(samples int, workers *parallel.Pool) (before, step func()) {
		return whole(workers, what, op, operand(samples, side, side, channels))
	}
}

func tokens(what output, op operation) prepare {
	return func(samples int, workers *parallel.Pool) (before, step func()) {
		return whole(workers, what, op, operand(samples, sample/tokenWidth, tokenWidth))
	}
}

func whole(workers *parallel.Pool, what output, op operation, x *tensor.Tensor) (before, step func()) {
	x.NeedGrad = true
	run := func(t *autograd.Tape) *tensor.Tensor { return op(t, x) }
	if what == forward {
		return forwardOf(workers, run)
	}
	return backwardOf(workers, x, run)
}

// batchNorm is that of a training step, with ReLU. Its statistics may have been
// taken as its input was made, which is how it is behind a convolution.
func batchNorm(measured bool) operation {
	weight, bias := operand(channels), operand(channels)
	stats := autograd.BatchStats{Mean: tensor.New(channels), Var: tensor.New(channels), Momentum: 0.1, Eps: 1e-5}
	return func(t *autograd.Tape, x *tensor.Tensor) *tensor.Tensor {
		n := autograd.Norm{Weight: weight, Bias: bias, BatchStats: stats}
		if measured {
			var then *gemm.Finish
			then, n = n.Measured(t)
			m := moments.Table{Rows: len(x.Data) / channels, Step: len(x.Data) / channels, Columns: channels, Stride: channels}
			m.Values = t.Arena().Floats(m.Len())
			copy(m.Values, x.Data)
			*then.Moments = m
		}
		return autograd.BatchNormThen(t, x, n, true, autograd.ThenReLU)
	}
}

func layerNorm() operation {
	weight, bias := operand(tokenWidth), operand(tokenWidth)
	weight.NeedGrad, bias.NeedGrad = true, true
	return func(t *autograd.Tape, x *tensor.Tensor) *tensor.Tensor {
		return autograd.LayerNorm(t, x, weight, bias, 1e-5)
	}
}

// few is how many values package quant adds up in float32.
const few = 512

// quantise normalises samples and writes their codes, as package quant does.
func quantise(samples int, workers *parallel.Pool) (before, step func()) {
	x, codes := random(samples*sample), pages.Make[uint8](samples*sample, samples*sample)
	return nil, func() {
		workers.For(samples, func(i int) {
			x := x[i*sample:][:sample]
			_, peak := kernel.Extent(x, 0)
			kernel.QuantiseU8(codes[i*sample:][:sample], x, 0, 127/peak)
		})
	}
}

func dequantise(samples int, workers *parallel.Pool) (before, step func()) {
	x, codes := random(samples*sample), pages.Make[uint8](samples*sample, samples*sample)
	kernel.QuantiseU8(codes, x, 0, 30)
	return nil, func() {
		workers.For(samples, func(i int) {
			kernel.DequantiseU8(x[i*sample:][:sample], codes[i*sample:][:sample], 0.5)
		})
	}
}

// quantiseBackward is the way back through the normalisation of samples.
func quantiseBackward(samples int, workers *parallel.Pool) (before, step func()) {
	dn, x := random(samples*sample), random(samples*sample)
	return nil, func() {
		workers.For(samples, func(i int) {
			dn, x := dn[i*sample:][:sample], x[i*sample:][:sample]
			dot := 0.0
			for lo := 0; lo < len(x); lo += few {
				dot += float64(kernel.Dot(dn[lo:lo+few], x[lo:lo+few]))
			}
			kernel.Combine(dn, 1, dn, float32(-dot/sample), x, 0)
		})
	}
}

func quantiseWeights(samples int, workers *parallel.Pool) (before, step func()) {
	w, codes := random(samples*sample), pages.Make[int8](samples*sample, samples*sample)
	return nil, func() { quant.B158.Weights(workers, nil, codes, w) }
}

// adam is a step with a gradient, which it clears.
func adam(samples int, workers *parallel.Pool) (before, step func()) {
	w := operand(samples * sample)
	w.Grad = random(samples * sample)
	state := optim.Adam{LR: 1e-3}.Start([]*tensor.Tensor{w})
	return nil, func() { state.Step(workers) }
}

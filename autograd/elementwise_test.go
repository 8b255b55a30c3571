package autograd

import (
	"fmt"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// BenchmarkElementwise measures operations that do little but go through
// memory, by the bytes that they have to read and write.
func BenchmarkElementwise(b *testing.B) {
	type operand = *tensor.Tensor
	shape := []int{32, 56, 56, 64}
	shortcut := tensor.New(shape...)
	for _, o := range []struct {
		name              string
		forward, backward int // bytes for each element of x
		with              []int
		f                 func(t *Tape, x, with operand) operand
	}{
		{"ReLU", 8, 12, nil, func(t *Tape, x, _ operand) operand { return ReLU(t, x) }},
		{"Hardswish", 8, 12, nil, func(t *Tape, x, _ operand) operand { return Hardswish(t, x) }},
		{"SiLU", 8, 12, nil, func(t *Tape, x, _ operand) operand { return SiLU(t, x) }},
		{"GELU", 8, 12, nil, func(t *Tape, x, _ operand) operand { return GELU(t, x) }},
		{"Dropout", 8, 8, nil, func(t *Tape, x, _ operand) operand { return Dropout(t, x, 0.1, tensor.NewStream(1, "")) }},
		{"StochasticDepth", 8, 8, nil, func(t *Tape, x, _ operand) operand {
			return StochasticDepth(t, x, 0.1, tensor.NewStream(1, ""))
		}},
		{"ScaleChannels", 8, 12, []int{32, 1, 1, 64}, ScaleChannels},
		{"LayerScale", 8, 12, []int{64}, LayerScale},
		{"GlobalAvgPool", 4, 4, nil, func(t *Tape, x, _ operand) operand { return AdaptiveAvgPool(t, x, 1, 1) }},
		{"AdaptiveAvgPool7x7", 4, 4, nil, func(t *Tape, x, _ operand) operand { return AdaptiveAvgPool(t, x, 7, 7) }},
		{"BatchNormReLU", 12, 20, []int{64}, func(t *Tape, x, with operand) operand {
			return BatchNormThen(t, x, Norm{Weight: with, Bias: with, BatchStats: stats(64)}, true, ThenReLU)
		}},
		{"BatchNormSiLU", 12, 24, []int{64}, func(t *Tape, x, with operand) operand {
			return BatchNormThen(t, x, Norm{Weight: with, Bias: with, BatchStats: stats(64)}, true, ThenSiLU)
		}},
		{"AddNormReLU", 16, 28, []int{64}, func(t *Tape, x, with operand) operand {
			return AddNorm(t, x, Norm{Weight: with, Bias: with, BatchStats: stats(64)}, shortcut, nil, true, true)
		}},
		{"AddScaled", 12, 12, []int{64}, func(t *Tape, x, with operand) operand { return AddScaled(t, shortcut, x, with, 0, nil) }},
		{"LayerNorm", 8, 12, []int{64}, func(t *Tape, x, with operand) operand { return LayerNorm(t, x, with, with, 1e-6) }},
		{"MaxPool3x3", 5, 9, nil, func(t *Tape, x, _ operand) operand { return MaxPool(t, x, window(3, 2, 1)) }},
		{"Softmax", 8, 12, nil, func(t *Tape, x, _ operand) operand { return Softmax(t, x) }},
	} {
		for workers := 1; workers <= 2; workers++ {
			pool := parallel.New(workers)
			tape := NewTape(pool)
			x, with := tensor.Normal(tensor.NewStream(1, "x"), shape...), tensor.New(o.with...)
			x.NeedGrad, with.NeedGrad = true, true
			run := func(pass string, bytes int, f func()) {
				b.Run(fmt.Sprintf("op=%s/pass=%s/workers=%d", o.name, pass, workers), func(b *testing.B) {
					for b.Loop() {
						f()
					}
					b.ReportMetric(float64(bytes)*float64(len(x.Data))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
				})
			}
			run("forward", o.forward, func() {
				tape.Reset()
				o.f(tape, x, with)
			})
			tape.Reset()
			y := o.f(tape, x, with)
			dy := make([]float32, len(y.Data))
			run("backward", o.backward, func() {
				y.Grad = dy
				tape.ops[tape.used-1].Backward(tape)
				tape.arena.Release(x.Grad)
				x.Grad = nil
			})
			pool.Close()
		}
	}
}

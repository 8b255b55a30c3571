package gemm

import (
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// benchmarks are the layers of residual networks and of a transformer that most
// of the time is spent in, a product of two square matrices, and LeNet-5's
// convolutions.
var benchmarks = []struct {
	name string
	n    int
	Conv
}{
	{"matrix1024", 1024, Linear(1024, 1024)},
	{"768to3072", 788, Linear(768, 3072)},
	{"3072to768", 788, Linear(3072, 768)},
	{"3x3x256at8", 32, conv(8, 8, 256, 256, 3, 3, pad(1, 1))},
	{"3x3x64at32", 32, conv(32, 32, 64, 64, 3, 3, pad(1, 1))},
	{"1x1x256to64at16", 32, conv(16, 16, 256, 64, 1, 1)},
	{"3x3x512at1", 128, conv(1, 1, 512, 512, 3, 3, pad(1, 1))},
	{"7x7x3to64at64", 32, conv(64, 64, 3, 64, 7, 7, stride(2, 2), pad(3, 3))},
	{"5x5x1to6at28", 256, conv(28, 28, 1, 6, 5, 5, pad(2, 2))},
	{"5x5x6to16at14", 256, conv(14, 14, 6, 16, 5, 5)},
}

// BenchmarkProducts measures the products of a training step, packing of the
// weight included. A multiply-accumulate counts as two operations, those with
// padding too.
func BenchmarkProducts(b *testing.B) {
	workers := parallel.New(0)
	defer workers.Close()
	for _, m := range benchmarks {
		p, arena := NewPlan(m.Conv), new(tensor.Arena)
		x, w := slacked(arena, random(1, m.n*m.H*m.W*m.C)), random(2, m.O*m.K())
		dy := slacked(arena, random(3, m.n*m.OutH()*m.OutW()*m.O))
		y, dx, dw := make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w))
		codes, xcodes, scale := make([]int8, len(w)), arena.Bytes(m.n*p.Input.Len()), make([]float32, m.n)
		run := func(name string, f func()) {
			b.Run(m.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					f()
				}
				ops := 2 * len(dy) * m.K()
				b.ReportMetric(float64(ops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GOP/s")
			})
		}
		run("forward", func() {
			panels := p.PackForward(workers, arena, w)
			p.Forward(workers, arena, y, x, m.n, panels, nil, nil)
			panels.Release(arena)
		})
		run("dx", func() { p.InputGradient(workers, arena, dx, dy, m.n, w) })
		run("dw", func() { p.WeightGradient(workers, arena, dw, dy, x, m.n) })
		panels := p.PackCodes(workers, arena, codes)
		run("codes", func() { p.ForwardCodes(workers, arena, y, xcodes, m.n, panels, scale, nil, nil) })
		run("packcodes", func() {
			panels := p.PackCodes(workers, arena, codes)
			panels.Release(arena)
		})
		run("dxcodes", func() { p.InputGradientCodes(workers, arena, dx, dy, m.n, codes) })
		run("dwcodes", func() { p.WeightGradientCodes(workers, arena, dw, dy, xcodes, m.n, scale) })
		run("dwbf16", func() { p.WeightGradientBF16(workers, arena, dw, dy, xcodes, m.n, scale) })
	}
}

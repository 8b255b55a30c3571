package gemm

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

var depthwiseGeometries = []Conv{
	conv(1, 1, 2, 2, 1, 1, groups(2)),
	conv(1, 1, 24, 24, 3, 3, groups(24), pad(1, 1)),
	conv(2, 3, 16, 16, 5, 5, groups(16), pad(2, 2)),
	conv(4, 4, 72, 72, 7, 7, groups(72), pad(3, 3)),
	conv(9, 7, 96, 96, 3, 3, groups(96), pad(1, 1)),
	conv(8, 15, 144, 144, 3, 3, groups(144), pad(1, 1), stride(2, 2)),
	conv(14, 14, 19, 19, 5, 5, groups(19), pad(2, 2)),
	conv(13, 16, 40, 40, 5, 5, groups(40), pad(2, 2), stride(2, 2)),
	conv(16, 17, 33, 33, 7, 7, groups(33), pad(3, 3)),
	conv(15, 15, 8, 8, 7, 7, groups(8), pad(3, 3), stride(2, 2)),
	conv(20, 20, 5, 5, 3, 3, groups(5), pad(2, 2), dilation(2, 2)),
	conv(20, 20, 5, 5, 3, 3, groups(5), stride(2, 2), dilation(2, 2)),
	conv(12, 19, 6, 6, 2, 4, groups(6), pad(1, 0), stride(3, 1), dilation(1, 3)),
	conv(5, 5, 3, 3, 1, 1, groups(3), stride(2, 3)),
	conv(4, 4, 7, 7, 2, 2, groups(7), pad(3, 3)),
	conv(31, 1, 32, 32, 11, 1, groups(32), pad(5, 0)),
	conv(17, 40, 4, 4, 9, 11, groups(4), pad(4, 5)),
	conv(112, 112, 3, 3, 3, 3, groups(3), pad(1, 1), stride(2, 2)),
}

func TestDepthwise(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		for _, g := range depthwiseGeometries {
			for _, n := range []int{1, 3} {
				t.Run(fmt.Sprint(g, " n=", n), func(t *testing.T) {
					if p := NewPlan(g); p.depthwise == nil || !p.Input.Bare() {
						t.Fatal("not computed as depthwise, with bare operands")
					}
					checkProducts(t, workers, g, n)
					checkCodes(t, workers, g, n)
					checkAgainstGeneral(t, workers, g, n)
				})
			}
		}
	})
}

func TestDepthwiseProperty(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		rapid.Check(t, func(r *rapid.T) {
			draw := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(r, name) }
			c := draw("C", 2, 70)
			g := conv(draw("H", 1, 16), draw("W", 1, 24), c, c, draw("KH", 1, 7), draw("KW", 1, 9), groups(c),
				stride(draw("SH", 1, 3), draw("SW", 1, 3)), pad(draw("PH", 0, 4), draw("PW", 0, 4)), dilation(draw("DH", 1, 3), draw("DW", 1, 3)))
			if g.H+2*g.PH < g.DH*(g.KH-1)+1 || g.W+2*g.PW < g.DW*(g.KW-1)+1 {
				r.Skip("the filter is larger than the image")
			}
			n := draw("n", 1, 3)
			checkProducts(t, workers, g, n)
			checkCodes(t, workers, g, n)
		})
	})
}

// checkAgainstGeneral compares the codes' results with those of the GEMM, with
// and without bias, for one worker and for two: all have the same bits.
func checkAgainstGeneral(t *testing.T, workers *parallel.Pool, g Conv, n int) {
	r := tensor.NewStream(7, "codes")
	x, w := make([]uint8, n*g.H*g.W*g.C), make([]int8, g.O*g.K())
	for i := range x {
		x[i] = uint8(r.Intn(256))
	}
	for i := range w {
		w[i] = int8(r.Intn(3) - 1)
	}
	scale := random(6, n)
	for _, bias := range [][]float32{nil, random(4, g.O)} {
		var want []float32
		for _, p := range []*Plan{newGeneralPlan(g), NewPlan(g)} {
			framed := make([]uint8, n*p.Input.Len(), n*p.Input.Len()+tensor.Slack)
			for i := range n {
				sample := framed[i*p.Input.Len():][:p.Input.Len()]
				Surround(p.Input, sample, 128)
				for h := range g.H {
					copy(p.Input.CodeRow(sample, h), x[(i*g.H+h)*g.W*g.C:])
				}
			}
			for _, pool := range []*parallel.Pool{nil, workers} {
				y := make([]float32, n*g.OutH()*g.OutW()*g.O)
				p.ForwardCodes(pool, nil, y, framed, n, p.PackCodes(pool, nil, w), scale, bias, nil)
				if want == nil {
					want = y
				}
				sameBits(t, "output", y, want)
			}
		}
	}
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, v := range want {
		if math.Float32bits(got[i]) != math.Float32bits(v) {
			t.Fatalf("%s: element %d is %v, want exactly %v", what, i, got[i], v)
		}
	}
}

// Images that do not fit the caches are computed with other stores and other
// chunks. One by one the same images are small.
func TestDepthwiseLarge(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		for _, g := range []Conv{
			depthwiseConv(14, 512, 3, 1), depthwiseConv(48, 32, 3, 1), depthwiseConv(65, 48, 3, 2), depthwiseConv(30, 112, 1, 1),
			conv(48, 48, 32, 32, 3, 3, groups(32), dilation(3, 2), pad(1, 2)),
		} {
			p := NewPlan(g)
			in, out := p.Input.Len(), p.OutH()*p.OutW()*p.O
			n := 1
			for !p.large(n, 1) { // of codes, and so of floats
				n++
			}
			x, dy, w, bias := random(1, n*in), random(2, n*out), random(3, g.O*g.K()), random(4, g.O)
			y, dx, dw := make([]float32, n*out), make([]float32, n*in), make([]float32, len(w))
			packed := p.PackForward(workers, nil, w)
			p.Forward(workers, nil, y, x, n, packed, bias, nil)
			p.InputGradient(workers, nil, dx, dy, n, w)
			p.WeightGradient(workers, nil, dw, dy, x, n)
			serial := make([]float32, len(w))
			p.WeightGradient(nil, nil, serial, dy, x, n)
			sameBits(t, "weight gradient by one worker", serial, dw)

			codes, wcodes := make([]uint8, n*in, n*in+tensor.Slack), make([]int8, len(w))
			for i := range codes {
				codes[i] = uint8(i * 7)
			}
			for i := range wcodes {
				wcodes[i] = int8(i%3 - 1)
			}
			scale, ycodes, packedCodes := random(5, n), make([]float32, n*out), p.PackCodes(workers, nil, wcodes)
			p.ForwardCodes(workers, nil, ycodes, codes, n, packedCodes, scale, bias, nil)

			sum := make([]float64, len(w))
			for i := range n {
				xi, dyi := x[i*in:][:in], dy[i*out:][:out]
				yi, dxi, dwi := make([]float32, out), make([]float32, in), make([]float32, len(w))
				p.Forward(workers, nil, yi, xi, 1, packed, bias, nil)
				sameBits(t, "output", y[i*out:][:out], yi)
				p.ForwardCodes(workers, nil, yi, codes[i*in:][:in], 1, packedCodes, scale[i:], bias, nil)
				sameBits(t, "output of codes", ycodes[i*out:][:out], yi)
				p.InputGradient(workers, nil, dxi, dyi, 1, w)
				sameBits(t, "input gradient", dx[i*in:][:in], dxi)
				p.WeightGradient(workers, nil, dwi, dyi, xi, 1)
				for k, v := range dwi {
					sum[k] += float64(v)
				}
			}
			near(t, "weight gradient", dw, sum)
		}
	})
}

// depthwiseConv returns a geometry that keeps the image's size at stride 1.
func depthwiseConv(size, c, k, s int) Conv {
	return conv(size, size, c, c, k, k, groups(c), stride(s, s), pad(k/2, k/2))
}

// depthwiseLayers are layers of MobileNetV2 (3x3), EfficientNet (5x5) and
// ConvNeXt (7x7), and those of 512 and 1024 channels, whose pixels would share few sets
// of the first cache.
var depthwiseLayers = []Conv{
	depthwiseConv(112, 32, 3, 1),
	depthwiseConv(112, 96, 3, 2),
	depthwiseConv(56, 144, 3, 1),
	depthwiseConv(28, 192, 3, 1),
	depthwiseConv(14, 576, 3, 1),
	depthwiseConv(14, 512, 3, 1),
	depthwiseConv(7, 960, 3, 1),
	depthwiseConv(14, 512, 7, 1),
	depthwiseConv(7, 1024, 7, 1),
	depthwiseConv(56, 144, 5, 2),
	depthwiseConv(28, 240, 5, 1),
	depthwiseConv(14, 672, 5, 1),
	depthwiseConv(7, 1152, 5, 1),
	depthwiseConv(56, 96, 7, 1),
	depthwiseConv(28, 192, 7, 1),
	depthwiseConv(14, 384, 7, 1),
	depthwiseConv(7, 768, 7, 1),
}

// BenchmarkDepthwise counts the bytes that a pass must at least read and write,
// and the multiplications and additions of the whole filter, also those that
// see padding. The pass called read adds up the input: what the memory gives.
func BenchmarkDepthwise(b *testing.B) {
	workers := parallel.New(0)
	defer workers.Close()
	for _, l := range cpu.Levels()[1:] {
		for _, g := range depthwiseLayers {
			for _, n := range []int{1, 32} {
				name := fmt.Sprintf("isa=%v/shape=%dx%dx%d,%dx%d,s%d,n%d", l, g.H, g.W, g.C, g.KH, g.KW, g.SH, n)
				b.Run(name, func(b *testing.B) {
					defer cpu.Force(l)()
					benchmarkPasses(b, workers, g, n)
				})
			}
		}
	}
}

func benchmarkPasses(b *testing.B, workers *parallel.Pool, g Conv, n int) {
	p := NewPlan(g)
	in, out := n*g.H*g.W*g.C, n*g.OutH()*g.OutW()*g.O
	x, w, dy, bias := random(1, in), random(2, g.O*g.K()), random(3, out), random(4, g.O)
	y, dx, dw := make([]float32, out), make([]float32, in), make([]float32, len(w))
	xcodes, wcodes := make([]uint8, n*p.Input.Len(), n*p.Input.Len()+tensor.Slack), make([]int8, len(w))
	for i := range xcodes {
		xcodes[i] = uint8(i)
	}
	for i := range wcodes {
		wcodes[i] = int8(i%3 - 1)
	}
	arena := new(tensor.Arena)
	for _, pass := range []struct {
		name  string
		bytes int
		run   func()
	}{
		{"read", 4 * in, func() {
			workers.For(rowTasks, func(i int) { kernel.Sum(x[in*i/rowTasks : in*(i+1)/rowTasks]) })
		}},
		{"forward", 4*in + 4*out, func() {
			p.Forward(workers, arena, y, x, n, p.PackForward(workers, arena, w), bias, nil)
		}},
		{"codes", in + 4*out, func() {
			p.ForwardCodes(workers, arena, y, xcodes, n, p.PackCodes(workers, arena, wcodes), dy[:n], bias, nil)
		}},
		{"inputgrad", 4*in + 4*out, func() {
			p.InputGradient(workers, arena, dx, dy, n, w)
		}},
		{"weightgrad", 4*in + 4*out, func() { p.WeightGradient(workers, arena, dw, dy, x, n) }},
	} {
		b.Run("pass="+pass.name, func(b *testing.B) {
			for b.Loop() {
				pass.run()
				arena.Reset()
			}
			calls := float64(b.N) / b.Elapsed().Seconds() / 1e9
			b.ReportMetric(calls*float64(pass.bytes), "GB/s")
			if pass.name != "read" {
				b.ReportMetric(calls*2*float64(out*g.K()), "GFLOP/s")
			}
		})
	}
}

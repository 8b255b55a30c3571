package gemm

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/moments"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

func conv(h, w, c, o, kh, kw int, more ...func(*Conv)) Conv {
	g := Conv{H: h, W: w, C: c, O: o, KH: kh, KW: kw, SH: 1, SW: 1, DH: 1, DW: 1, Groups: 1}
	for _, m := range more {
		m(&g)
	}
	return g
}

func stride(h, w int) func(*Conv)   { return func(g *Conv) { g.SH, g.SW = h, w } }
func pad(h, w int) func(*Conv)      { return func(g *Conv) { g.PH, g.PW = h, w } }
func dilation(h, w int) func(*Conv) { return func(g *Conv) { g.DH, g.DW = h, w } }
func groups(n int) func(*Conv)      { return func(g *Conv) { g.Groups = n } }

var geometries = []Conv{
	Linear(7, 5),
	Linear(784, 100),
	Linear(33, 17),
	conv(5, 5, 16, 8, 1, 1),
	conv(5, 6, 16, 8, 1, 1, stride(2, 2)),
	conv(8, 8, 3, 16, 3, 3, pad(1, 1)),
	conv(9, 7, 4, 6, 3, 3, stride(2, 2), pad(1, 1)),
	conv(12, 12, 3, 6, 7, 7, stride(2, 2), pad(3, 3)),
	conv(6, 10, 3, 4, 1, 5, stride(1, 2), pad(0, 2)),
	conv(9, 9, 5, 4, 3, 3, dilation(2, 2), pad(2, 2)),
	conv(11, 10, 4, 6, 3, 2, dilation(2, 3), pad(1, 2), stride(3, 2)),
	conv(12, 9, 3, 5, 2, 2, dilation(2, 2), stride(2, 2)),
	conv(6, 6, 8, 12, 3, 3, groups(4), pad(1, 1)),
	conv(7, 7, 19, 19, 5, 5, groups(19), stride(2, 2), pad(2, 2)),
	conv(6, 6, 4, 8, 3, 3, groups(4)),
	conv(4, 4, 2, 3, 2, 2, pad(3, 3)),
	conv(1, 1, 2, 8, 2, 2, pad(1, 1), stride(2, 2)), // sees one tap, in as many lanes as the weight has values
	conv(10, 10, 2, 3, 2, 2, stride(4, 3)),
	conv(14, 14, 6, 16, 5, 5),
	conv(11, 9, 4, 6, 3, 4, stride(2, 1), pad(1, 2), dilation(2, 1)), // folded, as the one before
	conv(28, 28, 1, 6, 5, 5, pad(2, 2)),
	conv(4, 4, 40, 70, 3, 3, pad(1, 1)),
	conv(7, 7, 64, 64, 3, 3, groups(16), pad(1, 1)),
	conv(9, 8, 24, 48, 3, 3, groups(24), pad(1, 1), stride(2, 2)),
	conv(5, 5, 30, 20, 3, 3, groups(10)),
	conv(18, 18, 2, 2, 17, 16, groups(2)),
	conv(3, 4, 150, 25, 3, 3, pad(1, 1)),
	conv(5, 6, 512, 512, 3, 2, groups(512), stride(2, 1), pad(1, 1), dilation(1, 2)),
	conv(5, 5, 80, 36, 3, 3, groups(2), stride(2, 2), dilation(1, 2), pad(1, 2)),
	Linear(300, 13),
	Linear(130, 37),
	conv(9, 7, 15, 33, 3, 3, stride(2, 1), pad(1, 1)),
	conv(4, 5, 40, 54, 3, 3, groups(2), pad(1, 0)),
}

// taps calls f for every product of the convolution's defining sum.
func taps(g Conv, n int, f func(y, x, w int)) {
	depth, outs := g.C/g.Groups, g.O/g.Groups
	for i := range n {
		for oh := range g.OutH() {
			for ow := range g.OutW() {
				for o := range g.O {
					for kh := range g.KH {
						for kw := range g.KW {
							h, w := oh*g.SH+kh*g.DH-g.PH, ow*g.SW+kw*g.DW-g.PW
							if h < 0 || h >= g.H || w < 0 || w >= g.W {
								continue
							}
							for c := range depth {
								f(((i*g.OutH()+oh)*g.OutW()+ow)*g.O+o,
									((i*g.H+h)*g.W+w)*g.C+o/outs*depth+c,
									((o*g.KH+kh)*g.KW+kw)*depth+c)
							}
						}
					}
				}
			}
		}
	}
}

func random(seed uint64, n int) []float32 {
	return tensor.Uniform(tensor.NewStream(seed, "gemm test"), -1, 1, n).Data
}

func forLevels(t *testing.T, f func(t *testing.T, workers *parallel.Pool)) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, l := range cpu.Levels() {
		t.Run(l.String(), func(t *testing.T) {
			defer cpu.Force(l)()
			f(t, workers)
		})
	}
}

func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	scale := 0.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(float64(got[i]) - v); !(d <= 2e-6*scale) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, got[i], v)
		}
	}
}

func TestProducts(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		for _, g := range geometries {
			for _, n := range []int{1, 3, 20} {
				t.Run(fmt.Sprint(g, " n=", n), func(t *testing.T) { checkProducts(t, workers, g, n) })
			}
		}
	})
}

func checkProducts(t *testing.T, workers *parallel.Pool, g Conv, n int) {
	p, arena := NewPlan(g), new(tensor.Arena)
	x, w := random(1, n*g.H*g.W*g.C), random(2, g.O*g.K())
	dy, bias := random(3, n*g.OutH()*g.OutW()*g.O), random(4, g.O)
	y, dx, dw := make([]float64, len(dy)), make([]float64, len(x)), make([]float64, len(w))
	for i := range y {
		y[i] = float64(bias[i%g.O])
	}
	taps(g, n, func(yi, xi, wi int) {
		y[yi] += float64(x[xi]) * float64(w[wi])
		dx[xi] += float64(dy[yi]) * float64(w[wi])
		dw[wi] += float64(dy[yi]) * float64(x[xi])
	})

	x, dy = slacked(arena, x), slacked(arena, dy)
	gotY := arena.Floats(len(y))
	p.Forward(workers, arena, gotY, x, n, p.PackForward(workers, arena, w), bias, nil)
	near(t, "output", gotY, y)
	gotDX := arena.Floats(len(dx))
	p.InputGradient(workers, arena, gotDX, dy, n, w)
	near(t, "input gradient", gotDX, dx)
	gotDW := make([]float32, len(dw))
	p.WeightGradient(workers, arena, gotDW, dy, x, n)
	near(t, "weight gradient", gotDW, dw)

	// Again by one worker: the same bits.
	serial := make([]float32, len(dw))
	p.WeightGradient(nil, arena, serial, dy, x, n)
	for i := range serial {
		if serial[i] != gotDW[i] {
			t.Fatalf("weight gradient %d: %g by one worker, %g by two", i, serial[i], gotDW[i])
		}
	}
}

// A product that is finished on its way has the bits of one that is finished
// afterwards by the plain definition; one that is measured has the bits of one that
// is not.
func TestFinish(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		for _, g := range geometries {
			for _, n := range []int{1, 9} {
				p, arena := NewPlan(g), new(tensor.Arena)
				x, w := slacked(arena, random(1, n*g.H*g.W*g.C)), random(2, g.O*g.K())
				size := n * g.OutH() * g.OutW() * g.O
				then := &Finish{Scale: random(5, g.O), Shift: random(6, g.O), Other: random(7, size), Floor: -0.25, Ceil: 0.5}
				want, got := make([]float32, size), make([]float32, size)
				panels := p.PackForward(workers, arena, w)
				p.Forward(workers, arena, want, x, n, panels, nil, nil)
				p.Forward(workers, arena, got, x, n, panels, nil, then)
				checkFinish(t, fmt.Sprint(g, " n=", n), got, want, then)
				measured := &Finish{Moments: new(moments.Table)}
				p.Forward(workers, arena, got, x, n, panels, nil, measured)
				checkMoments(t, fmt.Sprint(g, " n=", n), got, want, p, measured)

				codes, xcodes, scale := make([]int8, len(w)), make([]uint8, len(x)), random(8, n)
				for i, v := range w {
					codes[i] = int8(3*v) % 2
				}
				for i, v := range x {
					xcodes[i] = uint8(128 + 100*v)
				}
				framed, packed := frameCodes(p, arena, xcodes, n), p.PackCodes(workers, arena, codes)
				p.ForwardCodes(workers, arena, want, framed, n, packed, scale, nil, nil)
				p.ForwardCodes(workers, arena, got, framed, n, packed, scale, nil, then)
				checkFinish(t, fmt.Sprint(g, " n=", n, " codes"), got, want, then)
				p.ForwardCodes(workers, arena, got, framed, n, packed, scale, nil, measured)
				checkMoments(t, fmt.Sprint(g, " n=", n, " codes"), got, want, p, measured)
			}
		}
	})
}

func checkFinish(t *testing.T, what string, got, y []float32, f *Finish) {
	t.Helper()
	for i, v := range y {
		o := i % len(f.Scale)
		v = float32(v*f.Scale[o]) + f.Shift[o]
		if want := min(max(v+f.Other[i], f.Floor), f.Ceil); got[i] != want {
			t.Fatalf("%s: element %d is %v, want exactly %v", what, i, got[i], want)
		}
	}
}

// checkMoments checks that the output is as it is without, and that the moments
// are those of its columns.
func checkMoments(t *testing.T, what string, got, y []float32, p *Plan, f *Finish) {
	t.Helper()
	for i, v := range y {
		if got[i] != v {
			t.Fatalf("%s: element %d is %v while it is measured, else %v", what, i, got[i], v)
		}
	}
	if p.depthwise != nil {
		if f.Moments.Values != nil {
			t.Fatalf("%s: a depthwise convolution took moments", what)
		}
		return
	}
	mean, variance := make([]float32, p.O), make([]float32, p.O)
	f.Moments.Combine(nil, mean, variance)
	rows := float64(len(y) / p.O)
	for o := range p.O {
		var m, v float64
		for i := o; i < len(y); i += p.O {
			m += float64(y[i]) / rows
		}
		for i := o; i < len(y); i += p.O {
			v += (float64(y[i]) - m) * (float64(y[i]) - m) / rows
		}
		if math.Abs(float64(mean[o])-m) > 1e-6*(math.Abs(m)+math.Sqrt(v)) || math.Abs(float64(variance[o])-v) > 1e-5*v {
			t.Fatalf("%s: column %d has mean %v and variance %v, want %v and %v", what, o, mean[o], variance[o], m, v)
		}
	}
}

// slacked returns x with slack behind it, of numbers that would show in any sum.
func slacked(arena *tensor.Arena, x []float32) []float32 {
	y := arena.Floats(len(x))
	for i := range y[:cap(y)] {
		y[:cap(y)][i] = 1e9
	}
	copy(y, x)
	return y
}

// frameCodes returns the codes of n samples in their frame.
func frameCodes(p *Plan, arena *tensor.Arena, x []uint8, n int) []uint8 {
	framed, f := arena.Bytes(n*p.Input.Len()), p.Input
	for i := range n {
		sample := framed[i*f.Len():][:f.Len()]
		Surround(f, sample, 128)
		for h := range f.H {
			copy(f.CodeRow(sample, h), x[(i*f.H+h)*f.W*f.C:])
		}
	}
	return framed
}

func TestCodes(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		for _, g := range geometries {
			for _, n := range []int{1, 3, 20} {
				t.Run(fmt.Sprint(g, " n=", n), func(t *testing.T) { checkCodes(t, workers, g, n) })
			}
		}
	})
}

func checkCodes(t *testing.T, workers *parallel.Pool, g Conv, n int) {
	p, arena := NewPlan(g), new(tensor.Arena)
	r := tensor.NewStream(5, "codes")
	x, w := make([]uint8, n*g.H*g.W*g.C), make([]int8, g.O*g.K())
	for i := range x {
		x[i] = uint8(r.Intn(256))
	}
	for i := range w {
		w[i] = int8(r.Intn(3) - 1)
	}
	dy, scale, bias := random(3, n*g.OutH()*g.OutW()*g.O), random(6, n), random(4, g.O)
	sums, pixels := make([]int32, len(dy)), g.OutH()*g.OutW()*g.O
	taps(g, n, func(yi, xi, wi int) {
		sums[yi] += (int32(x[xi]) - 128) * int32(w[wi])
	})

	framed := frameCodes(p, arena, x, n)
	y := arena.Floats(len(dy))
	p.ForwardCodes(workers, arena, y, framed, n, p.PackCodes(workers, arena, w), scale, bias, nil)
	for i, s := range sums {
		if want := float32(float32(s)*scale[i/pixels]) + bias[i%g.O]; y[i] != want {
			t.Fatalf("output %d is %g, want exactly %g", i, y[i], want)
		}
	}
}

// The input gradient of codes is that of the same weights as float32.
func TestInputGradientCodes(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		lookedUp := 0
		for _, g := range geometries {
			for _, n := range []int{1, 3, 20} {
				p, arena, r := NewPlan(g), new(tensor.Arena), tensor.NewStream(5, "codes")
				codes := make([]int8, g.O*g.K())
				for i := range codes {
					codes[i] = int8(r.Intn(3) - 1)
				}
				dy := slacked(arena, random(3, n*g.OutH()*g.OutW()*g.O))
				want := make([]float64, n*g.H*g.W*g.C)
				taps(g, n, func(yi, xi, wi int) { want[xi] += float64(dy[yi]) * float64(codes[wi]) })
				got, serial := make([]float32, len(want)), make([]float32, len(want))
				p.InputGradientCodes(workers, arena, got, dy, n, codes)
				near(t, fmt.Sprint(g, " n=", n), got, want)
				p.InputGradientCodes(nil, arena, serial, dy, n, codes)
				if !slices.Equal(serial, got) {
					t.Fatalf("%v n=%d: one worker has other bits than two", g, n)
				}
			}
			if NewPlan(g).looksUp() {
				lookedUp++
			}
		}
		if kernel.HasTernary() && lookedUp < 4 {
			t.Errorf("only %d geometries are looked up", lookedUp)
		}
	})
}

// Weight gradients of codes are those of their values; by bfloat16, those of rounded
// output gradients.
func TestWeightGradientCodes(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		inDigits := 0
		for _, g := range geometries {
			for _, n := range []int{1, 3, 20} {
				t.Run(fmt.Sprint(g, " n=", n), func(t *testing.T) { checkWeightGradientCodes(t, workers, g, n) })
			}
			if NewPlan(g).inDigits() {
				inDigits++
			}
		}
		if kernel.HasDigits() && inDigits < 5 {
			t.Errorf("only %d geometries are computed in integers", inDigits)
		}
	})
}

func checkWeightGradientCodes(t *testing.T, workers *parallel.Pool, g Conv, n int) {
	p, arena := NewPlan(g), new(tensor.Arena)
	r := tensor.NewStream(5, "codes")
	xcodes := make([]uint8, n*g.H*g.W*g.C)
	for i := range xcodes {
		xcodes[i] = uint8(r.Intn(256))
	}
	dy, scale := random(3, n*g.OutH()*g.OutW()*g.O), random(6, n)
	perSample := len(dy) / n
	exact, rounded := make([]float32, len(dy)), make([]float32, len(dy))
	for i := range n {
		kernel.RoundBF16(rounded[i*perSample:][:perSample], dy[i*perSample:][:perSample], scale[i])
	}
	for i := range exact {
		exact[i] = dy[i] * scale[i/perSample]
	}
	if p.depthwise != nil || p.merged != nil { // these are computed in float32
		copy(rounded, exact)
	}
	dw, dwBF16 := make([]float64, g.O*g.K()), make([]float64, g.O*g.K())
	taps(g, n, func(yi, xi, wi int) {
		x := float64(int(xcodes[xi]) - 128)
		dw[wi] += float64(exact[yi]) * x
		dwBF16[wi] += float64(rounded[yi]) * x
	})

	dy = slacked(arena, dy)
	framed := frameCodes(p, arena, xcodes, n)
	for _, c := range []struct {
		what    string
		want    []float64
		compute func(workers *parallel.Pool, dw []float32)
	}{
		{"float32", dw, func(workers *parallel.Pool, dw []float32) {
			p.WeightGradientCodes(workers, arena, dw, dy, framed, n, scale)
		}},
		{"bfloat16", dwBF16, func(workers *parallel.Pool, dw []float32) {
			p.WeightGradientBF16(workers, arena, dw, dy, framed, n, scale)
		}},
	} {
		got, serial := make([]float32, len(dw)), make([]float32, len(dw))
		c.compute(workers, got)
		near(t, "weight gradient, "+c.what, got, c.want)
		c.compute(nil, serial)
		if !slices.Equal(serial, got) {
			t.Fatalf("%s: the weight gradient by one worker has other bits than by two", c.what)
		}
	}
}

func TestBadGeometryPanics(t *testing.T) {
	for _, g := range []Conv{
		conv(2, 2, 1, 1, 3, 3),
		conv(4, 4, 3, 4, 1, 1, groups(2)),
		conv(4, 4, 3, 4, 1, 1, stride(0, 1)),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v: no panic", g)
				}
			}()
			NewPlan(g)
		}()
	}
}

func TestTilesFit(t *testing.T) {
	for _, l := range cpu.Levels() {
		func() {
			defer cpu.Force(l)()
			for _, tile := range []kernel.Tile{kernel.TileF32(), kernel.TileU8S8(), kernel.TileTernary()} {
				if tile.MR > callRows || tile.MR*tile.NR > maxTile {
					t.Errorf("%v: no room for tiles of %dx%d", l, tile.MR, tile.NR)
				}
			}
		}()
	}
}

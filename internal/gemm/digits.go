package gemm

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Weight gradients of activation codes in integers, see kernel.OuterDigits. A channel
// of the output gradient is as exact as float32 numbers of its largest magnitude are,
// and its products are added up without rounding, 256 pixels at a time.

// WeightGradientCodes is WeightGradient for inputs that are codes as QuantiseU8 writes
// them, in the frame p.Input, and one factor for each sample:
//
//	dw[o,kh,kw,c] += sum(i, oh, ow) scale[i]*dy[i,oh,ow,o] * (x[...] - 128)
func (p *Plan) WeightGradientCodes(workers *parallel.Pool, arena *tensor.Arena, dw, dy []float32, x []uint8, n int, scale []float32) {
	if !p.inDigits() {
		p.valuesWeightGradient(workers, arena, dw, dy, x, n, scale)
		return
	}
	sum := p.forward.framed[0].outerSum(p, kernel.TileDigits(), n, quad, true)
	sum.begin(arena, dw)
	t := digitOuter{outerSum: sum, x: x, xLen: p.Input.Len()}
	t.grad, t.worth = arena.Bytes(quad*digits*sum.steps*t.width), arena.Floats(t.width)
	inverse := p.digitScales(workers, arena, t.worth, dy, scale)
	parallel.Run(workers, (sum.steps+quadsOfTask-1)/quadsOfTask, digitising{sum, t.grad, dy, scale, inverse})
	parallel.Run(workers, sum.tasks(), t)
	sum.end(workers, arena)
	arena.Release(inverse)
	arena.Release(t.worth)
	arena.ReleaseBytes(t.grad)
}

// valuesWeightGradient is WeightGradientCodes in float32. The codes' values are taken
// once: the product reads each many times.
func (p *Plan) valuesWeightGradient(workers *parallel.Pool, arena *tensor.Arena, dw, dy []float32, x []uint8, n int, scale []float32) {
	values := p.Dequantise(workers, arena, x, n, scale)
	p.WeightGradient(workers, arena, dw, dy, values, n)
	arena.Release(values)
}

const (
	digits = kernel.Digits
	quad   = kernel.Quad
)

// inDigits reports whether the weight gradient of codes is faster in integers: what
// the digits of a channel cost has to serve some columns, and what the packing of codes
// costs some channels.
func (p *Plan) inDigits() bool {
	const columns, channels = 128, 24
	return kernel.HasDigits() && p.depthwise == nil && p.merged == nil && p.K() >= columns && p.O/p.Groups >= channels
}

// digitScales returns by what each channel's gradients, times their samples' scales,
// are multiplied to be whole numbers, and writes what such a number is worth.
func (p *Plan) digitScales(workers *parallel.Pool, arena *tensor.Arena, worth, dy, scale []float32) (inverse []float32) {
	const parts = 16
	peaks := arena.Floats(parts * p.O)
	clear(peaks)
	parallel.Run(workers, parts, peaking{peaks, dy, scale, p.O})
	for part := 1; part < parts; part++ {
		kernel.ColumnPeaks(peaks[:p.O], peaks[part*p.O:][:p.O], 1)
	}
	inverse = arena.Floats(p.O)
	clear(worth[p.O:])
	for o, peak := range peaks[:p.O] {
		worth[o], inverse[o] = digitScale(peak)
	}
	arena.Release(peaks)
	return inverse
}

// digitScale returns what one is worth among the whole numbers that magnitudes up to
// a peak become, and its inverse. Where the peak is none, both are NaN.
func digitScale(peak float32) (worth, inverse float32) {
	const least = 1e-30 // keeps the inverse finite
	if !(peak <= math.MaxFloat32) {
		nan := float32(math.NaN())
		return nan, nan
	}
	peak = max(peak, least)
	return peak / kernel.MostDigits, kernel.MostDigits / peak
}

// A peaking finds the peaks of channels in a part of the samples.
type peaking struct {
	peaks, dy, scale []float32
	channels         int
}

func (t *peaking) Chunk(_, part int) {
	parts, n := len(t.peaks)/t.channels, len(t.scale)
	size := len(t.dy) / n
	for i := n * part / parts; i < n*(part+1)/parts; i++ {
		kernel.ColumnPeaks(t.peaks[part*t.channels:][:t.channels], t.dy[i*size:][:size], t.scale[i])
	}
}

// A digitising writes the digits of each step's four pixels, [steps][digits][width][4].
// Those of a missing pixel are zero.
type digitising struct {
	outerSum
	grad               []uint8
	dy, scale, inverse []float32
}

const quadsOfTask = 32

func (t *digitising) Chunk(_, task int) {
	first := task * quadsOfTask
	end := min(first+quadsOfTask, t.steps)
	var g blockGradient
	for step := first; step < end; {
		n := g.fill(&t.outerSum, t.block(step, end), len(t.dy)/t.n, t.scale)
		for i := 0; i < n; i += quad {
			to := t.grad[quad*digits*step*t.width:][:quad*digits*t.width]
			kernel.DigitsU8(to, t.width, t.dy, (*[quad]int)(g.rows[i:]), (*[quad]float32)(g.factors[i:]), t.inverse)
			step++
		}
	}
}

type digitOuter struct {
	outerSum
	x, grad []uint8
	xLen    int
	worth   []float32
}

func (o *digitOuter) Chunk(_, task int) {
	t := o.task(task)
	var all [pixelBlock]int
	var codes [pixelBlock * kernel.MaxOuterCols * 16]uint8 // packed
	var zeros [kernel.MaxOuterCols * 16]int32
	for step := t.first; step < t.end; {
		b := o.block(step, t.end)
		at, rows := step*quad*digits*o.width, o.windows(&all, b, o.xLen)
		step += len(rows) / quad
		for _, cols := range o.columns[b.class] {
			packed := codes[:len(rows)*len(cols.list)*o.tile.Lanes]
			for i, s := range t.strips {
				if i == 0 || s.group != t.strips[i-1].group {
					kernel.PackQuads(packed, zeros[:], o.x[s.group*o.g.depth:], rows, cols.list)
				}
				kernel.OuterDigits(o.stripOf(t.sums, i), o.ldc, o.grad[at+quad*s.first:], o.width, packed, zeros[:], cols.list, o.worth[s.first:])
			}
		}
	}
}

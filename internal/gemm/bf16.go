package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Weight gradients by bfloat16. Codes of activations are exact in it, so only the
// output gradient is rounded, to 8 bits of significand; sums are float32. Where the
// processor does not multiply bfloat16, the rounded values go through the float32
// kernels. Depthwise convolutions, which are bound by memory, and convolutions of
// small groups are computed in float32.

// conversionBlock is the number of values that are converted in a chunk.
const conversionBlock = 1 << 14

// WeightGradientBF16 is WeightGradient for inputs that are codes as QuantiseU8
// writes them, in the frame p.Input, and a scaled and rounded gradient:
//
//	dw[o,kh,kw,c] += sum(i, oh, ow) bfloat16(scale[i]*dy[i,oh,ow,o]) * (x[...] - 128)
func (p *Plan) WeightGradientBF16(workers *parallel.Pool, arena *tensor.Arena, dw, dy []float32, x []uint8, n int, scale []float32) {
	if p.depthwise != nil || p.merged != nil {
		p.WeightGradientCodes(workers, arena, dw, dy, x, n, scale)
		return
	}
	if !kernel.HasBF16() {
		type pass struct{ rounded, dy, scale []float32 }
		rounded := arena.Floats(len(dy))
		parallel.Share(workers, n, pass{rounded, dy, scale}, func(p *pass, _, i int) {
			size := len(p.dy) / len(p.scale)
			kernel.RoundBF16(p.rounded[i*size:][:size], p.dy[i*size:][:size], p.scale[i])
		})
		p.valuesWeightGradient(workers, arena, dw, rounded, x, n, nil)
		arena.Release(rounded)
		return
	}
	type pass struct {
		values []uint16
		codes  []uint8
	}
	values := arena.Halves(len(x))
	parallel.Blocks(workers, len(x), conversionBlock, pass{values, x}, func(p *pass, lo, hi int) { kernel.CodesBF16(p.values[lo:hi], p.codes[lo:hi]) })
	sum := p.forward.framed[0].outerSum(p, kernel.TileOuterBF16(), n, 2, false)
	sum.begin(arena, dw)
	t := halfOuter{outerSum: sum, x: values, xLen: p.Input.Len()}
	t.grad = arena.Halves(2 * sum.steps * t.width)
	parallel.Run(workers, (sum.steps+pairsOfTask-1)/pairsOfTask, pairing{sum, t.grad, dy, scale, p.O})
	parallel.Run(workers, sum.tasks(), t)
	sum.end(workers, arena)
	arena.ReleaseHalves(t.grad)
	arena.ReleaseHalves(values)
}

type halfOuter struct {
	outerSum
	x, grad []uint16 // grad [steps][width][2]
	xLen    int
}

func (o *halfOuter) Chunk(_, task int) {
	t := o.task(task)
	var all [pixelBlock]int
	for step := t.first; step < t.end; {
		b := o.block(step, t.end)
		at, rows := step*o.width, o.windows(&all, b, o.xLen)
		step += len(rows) / 2
		for i, s := range t.strips {
			for _, cols := range o.columns[b.class] {
				kernel.OuterBF16(o.stripOf(t.sums, i), o.ldc, cols.lanes, o.grad[2*(at+s.first):], o.width, o.x[s.group*o.g.depth:], rows, cols.list)
			}
		}
	}
}

// A pairing writes the gradients of each step's two pixels one beside the other,
// [steps][width][2], scaled and rounded; those of a missing pixel are zero.
type pairing struct {
	outerSum
	grad      []uint16
	dy, scale []float32
	outs      int
}

const pairsOfTask = 64

func (p *pairing) Chunk(_, task int) {
	first := task * pairsOfTask
	end := min(first+pairsOfTask, p.steps)
	var g blockGradient
	for step := first; step < end; {
		n := g.fill(&p.outerSum, p.block(step, end), len(p.dy)/p.n, p.scale)
		for i := 0; i < n; i += 2 {
			x, y := p.dy[g.rows[i]:][:p.outs], p.dy[g.rows[i+1]:][:p.outs]
			row := p.grad[2*step*p.width:][:2*p.width]
			kernel.PairBF16(row[:2*p.outs], x, y, g.factors[i], g.factors[i+1])
			clear(row[2*p.outs:])
			step++
		}
	}
}

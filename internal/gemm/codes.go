package gemm

import (
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// ForwardCodes is Forward for codes: x holds activation codes as QuantiseU8
// writes them, in the frame p.Input, W codes packed by PackCodes, and scale one
// factor for each sample,
//
//	y[i,oh,ow,o] = bias[o] + scale[i] * sum(kh, kw, c) x[...] * W[o,kh,kw,c]
//
// with an exact integer sum. Then, unless nil, finishes the output.
func (p *Plan) ForwardCodes(workers *parallel.Pool, arena *tensor.Arena, y []float32, x []uint8, n int, w Panels, scale, bias []float32, then *Finish) {
	if p.depthwise != nil {
		p.depthwiseForwardCodes(workers, y, x, n, w, scale, bias)
		then.Apply(workers, y)
		return
	}
	if p.merged != nil {
		p = p.merged
	}
	o := p.forward.framed[0].operation(&w, 1, y, p.OutH()*p.OutW()*p.O, p.Input.Len(), n)
	then.measure(arena, o.rows, o.step, p.O)
	parallel.Run(workers, o.tasks(), codesProduct{operation: o, b: w, x: x, scale: scale, bias: bias, then: then})
}

type codesProduct struct {
	operation
	b           Panels
	x           []uint8
	scale, bias []float32
	then        *Finish
}

func (p *codesProduct) Chunk(_, task int) {
	g, b := p.g, &p.b
	group, panels, first, end := p.task(task)
	var acc [maxTile]int32
	var room [callRows]float32
	factors := rowFactors{each: room[:p.call]}
	var own ragged
	var offsets [32]int32
	for near := range panels.parts(p.nearby) {
		for m := first; m < end; {
			win, rows, outs := p.window(m, end, &own)
			segs, scales := g.segmentsOf(win, fours, &own), factors.of(p.scale, win, len(outs), &own)
			for i := near.first; i < near.end; i++ {
				s := b.panel(i)
				column, padded := group*b.n+s.first, group*b.columns()+s.first
				offset := b.offsets[win.class*b.groups*b.columns()+padded:][:s.n]
				if win.class != win.last {
					offset = offsets[:s.n]
					b.addOffsets(offset, g, g.reachOf(win), padded)
				}
				kernel.GemmU8S8(acc[:], s.width, p.x[win.a+group*g.depth:], rows, segs.list, segs.steps, b.s8[b.at(group, i):][:b.k*s.width])
				kernel.StoreI32(p.y[win.y+column:], outs, acc[:], s.width, s.n, offset, scales, columnsOf(p.bias, column, s.n))
				p.then.rows(p.y, win.y+column, outs, column, s.n, m)
			}
			m += len(outs)
		}
	}
}

// addOffsets writes what the 128 that is added to all activations adds to the
// sums of columns from first on: 128 times the sum of the codes in reach.
func (b *Panels) addOffsets(offset []int32, g *gather, r reach, first int) {
	columns := len(g.w.offsets)
	if !g.clips(fours) {
		r.w, columns = interval{0, min(r.w.end, 1)}, 1
	}
	clear(offset)
	for kh := r.h.first; kh < r.h.end; kh++ {
		for kw := r.w.first; kw < r.w.end; kw++ {
			for j, sum := range b.sums[(kh*columns+kw)*b.groups*b.columns()+first:][:len(offset)] {
				offset[j] += 128 * sum
			}
		}
	}
}

// rowFactors are the factors of a call's rows. Most calls stay within one
// sample, and within that of the call before.
type rowFactors struct {
	each  []float32 // as many as a call may have
	whole int       // 1 + the sample whose factor fills each, or 0
}

// of returns the factors of the count rows of a window.
func (f *rowFactors) of(scale []float32, w *window, count int, own *ragged) []float32 {
	switch {
	case w.sample < 0:
		f.whole = 0
		for r, sample := range own.samples[:count] {
			f.each[r] = scale[sample]
		}
	case f.whole != w.sample+1:
		f.whole = w.sample + 1
		for r := range f.each {
			f.each[r] = scale[w.sample]
		}
	}
	return f.each[:count]
}

// Dequantise returns the values of codes as QuantiseU8 stores them, n samples in
// the frame p.Input:
//
//	scale[i] * (codes[i,...] - 128)
//
// A nil scale stands for ones. The arena gets the buffer back from the caller.
func (p *Plan) Dequantise(workers *parallel.Pool, arena *tensor.Arena, codes []uint8, n int, scale []float32) []float32 {
	values, size := arena.Floats(len(codes)), len(codes)/n
	step := max(1, 4096/size)
	parallel.Run(workers, (n+step-1)/step, dequantising{values, codes, scale, size, step, n})
	return values
}

type dequantising struct {
	values        []float32
	codes         []uint8
	scale         []float32
	size, step, n int
}

func (d *dequantising) Chunk(_, chunk int) {
	for i := chunk * d.step; i < min((chunk+1)*d.step, d.n); i++ {
		s := float32(1)
		if d.scale != nil {
			s = d.scale[i]
		}
		kernel.DequantiseU8(d.values[i*d.size:][:d.size], d.codes[i*d.size:][:d.size], s)
	}
}

package gemm

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A depthwise convolution has one filter for each channel and adds nothing up
// over channels. It would use one column of a GEMM tile, so it has kernels of
// its own, whose lanes are channels. They read their operands bare and leave
// out the taps that see padding: most of these layers are bound by memory,
// where a copy in a frame would cost as much as the product.
//
// The weight [C, KH, KW] is packed tap by tap, [KH, KW, C].

// isDepthwise reports whether the depthwise kernels compute the convolution.
func (c Conv) isDepthwise() bool {
	return c.Groups > 1 && c.Groups == c.C && c.Groups == c.O && c.KH*c.KW <= kernel.MaxTermsU8S8
}

// depthwise holds the tables of a depthwise convolution.
type depthwise struct {
	codes    sweep      // y from codes x
	forward  sweep      // y from x
	backward sweep      // dx from dy
	weights  tapsOfRows // dw from dy and x
	pitch    int        // from one pixel of x or dy to the next
}

// pitchOf returns how far apart the kernels read pixels. Those that lie a multiple of
// 2 kB apart share so few sets of the first cache that a window does not stay there,
// and it takes up to five times as long: such images are copied first, with the pixels
// one line further apart.
func pitchOf(channels int) int {
	const sets, line = 512, 16 // values in half of the sets, and in a line
	if channels%sets == 0 {
		return channels + line
	}
	return channels
}

// A sweep computes images from images: each pixel of the result from those
// that some taps of the filter see. Offsets are counted in values.
type sweep struct {
	from, to int   // values in an image
	fromRow  int   // values in a row of an image that it reads
	taps     []int // the weight's taps in the order in which they are packed: those of a residue lie together
	rows     []kernel.Row
	columns  []sweepColumns // for each residue of the stride
	steps    kernel.Steps
	band     int // rows that a call of a kernel computes
}

// sweepColumns are the columns of the result whose sums have the same taps.
type sweepColumns struct {
	y, w  int // first column, first tap of a filter row
	yStep int // from one column to the next
	line  *kernel.Line
}

// bandValues is how many values a call of a kernel reads at most, without the
// rows that it shares with the call before, or writes: they stay in the level 2
// cache while the kernel goes down the rows, once for each block of columns and
// each residue of the stride.
const bandValues = 1 << 15

func (p *Plan) planDepthwise() {
	p.Input = Frame{H: p.H, W: p.W, C: p.C}
	output, pitch := Frame{H: p.OutH(), W: p.OutW(), C: p.C}, pitchOf(p.C)
	apart := func(f Frame) Frame { f.C = pitch; return f }
	h := windows(p.OutH(), p.KH, p.SH, p.PH, p.DH)
	w := windows(p.OutW(), p.KW, p.SW, p.PW, p.DW)
	p.depthwise = &depthwise{
		forward:  newSweep(apart(p.Input), output, []residue{h}, []residue{w}, p.KW),
		backward: newSweep(apart(output), p.Input, residues(p.H, p.KH, p.SH, p.PH, p.DH), residues(p.W, p.KW, p.SW, p.PW, p.DW), p.KW),
		weights:  p.newTapsOfRows(kernel.NewLine(w.offsets, w.first, p.W), pitch),
		pitch:    pitch,
	}
	p.depthwise.codes = p.depthwise.forward
	if pitch != p.C {
		p.depthwise.codes = newSweep(p.Input, output, []residue{h}, []residue{w}, p.KW)
	}
}

func newSweep(from, to Frame, rows, columns []residue, kw int) sweep {
	s := sweep{
		from: from.Len(), to: to.Len(), fromRow: from.RowLen(), rows: make([]kernel.Row, to.H),
		steps: kernel.Steps{A: kw * from.C, X: from.RowLen(), Column: from.C},
		band:  max(1, bandValues*to.H/max(from.Len(), to.Len())),
	}
	filterRow := 0
	for _, r := range rows {
		s.steps.X = max(s.steps.X, distance(r.offsets)*from.RowLen()) // all residues with several taps have the same
		for i, at := range r.at {
			seen := r.seen(i, from.H)
			row := kernel.Row{Y: at * to.RowLen(), Terms: seen.end - seen.first}
			if row.Terms > 0 {
				row.X = (r.first[i] + r.offsets[seen.first]) * from.RowLen()
				row.A = (filterRow + seen.first) * kw * from.C
			}
			s.rows[at] = row
		}
		filterRow += len(r.taps)
		for _, kh := range r.taps {
			for _, c := range columns {
				for _, tap := range c.taps {
					s.taps = append(s.taps, kh*kw+tap)
				}
			}
		}
	}
	tap := 0
	for _, c := range columns {
		if len(c.at) > 0 {
			s.columns = append(s.columns, sweepColumns{
				y: c.at[0] * to.C, w: tap * from.C, yStep: distance(c.at) * to.C, line: kernel.NewLine(c.first, c.offsets, from.W),
			})
		}
		tap += len(c.taps)
	}
	return s
}

// distance returns that of neighbours in a list with equal distances.
func distance(list []int) int {
	if len(list) < 2 {
		return 0
	}
	return list[1] - list[0]
}

// A sweepPart is the part of a sweep that one call of a kernel computes: the
// columns of a residue in some rows of an image.
type sweepPart struct {
	image   int
	y, x, w int
	columns *sweepColumns
	rows    []kernel.Row
	ahead   interval // of x, which the next parts will read
}

// A sweeping is a sweep over n images with so many channels. compute is told of
// every part; it captures nothing.
type sweeping struct {
	*sweep
	n, channels int
	step        int // rows in a task
	compute     func(o *sweeping, s sweepPart)

	// What compute works on.
	y, bias, scale []float32
	x              []float32
	codes          []uint8
	w              Panels
	large          bool
}

func (o sweeping) run(workers *parallel.Pool) {
	total := o.n * len(o.rows)
	o.step = (total + rowTasks - 1) / rowTasks
	parallel.Run(workers, (total+o.step-1)/o.step, o)
}

func (o *sweeping) Chunk(_, task int) {
	s, total := o.sweep, o.n*len(o.rows)
	end := min((task+1)*o.step, total)
	for band := s.bandFrom(task*o.step, end); band.first < band.end; band = s.bandFrom(band.end, end) {
		image, row := band.first/len(s.rows), band.first%len(s.rows)
		ahead := portions{s.fresh(band, s.bandFrom(band.end, total)), len(s.columns)}
		for i := range s.columns {
			col := &s.columns[i]
			o.compute(o, sweepPart{
				image: image, y: image*s.to + col.y, x: image * s.from, w: col.w,
				columns: col, rows: s.rows[row:][:band.end-band.first], ahead: ahead.next(),
			})
		}
	}
}

// bandFrom returns the band of rows, counted over all images, that begins with
// the first of those given. They are of one image.
func (s *sweep) bandFrom(first, end int) interval {
	image := first / len(s.rows)
	return interval{first, min(first+s.band, end, (image+1)*len(s.rows))}
}

// fresh returns what a band reads and the one before it does not, of which the
// rows between those of a dilated filter are a part.
func (s *sweep) fresh(before, band interval) interval {
	if band.first == band.end {
		return interval{}
	}
	at := func(m int) (int, *kernel.Row) { return m / len(s.rows) * s.from, &s.rows[m%len(s.rows)] }
	end := func(band interval) int {
		image, row := at(band.end - 1)
		if row.Terms == 0 {
			return image
		}
		return image + row.X + (row.Terms-1)*s.steps.X + s.fromRow
	}
	image, row := at(band.first)
	return interval{max(end(before), image+row.X), end(band)}
}

// portions deals out an interval in a number of parts.
type portions struct {
	interval
	parts int
}

func (p *portions) next() interval {
	if p.parts == 0 || p.end <= p.first {
		return interval{}
	}
	next := interval{p.first, p.first + (p.end-p.first)/p.parts}
	p.first, p.parts = next.end, p.parts-1
	return next
}

// packDepthwise packs a weight in a sweep's order, and a bias of zeros.
func (p *Plan) packDepthwise(workers *parallel.Pool, arena *tensor.Arena, s *sweep, w []float32) Panels {
	size := p.KH * p.KW * s.steps.Column
	b := Panels{f32: arena.Floats(size + p.C)}
	b.noBias = b.f32[size:]
	clear(b.noBias)
	taps := arena.Floats(len(w))
	parallel.Run(workers, (p.C+tapBlock-1)/tapBlock, tapPacking{p, s, b.f32, taps, w})
	arena.Release(taps)
	return b
}

const tapBlock = 64 // channels

type tapPacking struct {
	p               *Plan
	s               *sweep
	packed, taps, w []float32
}

func (t *tapPacking) Chunk(_, i int) {
	k, channels, c := t.p.KH*t.p.KW, t.p.C, i*tapBlock
	n := min(tapBlock, channels-c)
	kernel.Transpose(t.taps[c:], channels, t.w[c*k:], k, n, k, 1)
	for to, from := range t.s.taps {
		copy(t.packed[to*t.s.steps.Column+c:][:n], t.taps[from*channels+c:])
	}
}

// packDepthwiseCodes packs codes for the forward sweep. Its bias is -0, which
// changes no number.
func (p *Plan) packDepthwiseCodes(workers *parallel.Pool, arena *tensor.Arena, codes []int8) Panels {
	b := Panels{s8: arena.Codes(len(codes)), noBias: arena.Floats(p.C)}
	parallel.Run(workers, p.KH*p.KW, tapCodes{p.C, p.KH * p.KW, b.s8, codes})
	for c := range b.noBias {
		b.noBias[c] = float32(math.Copysign(0, -1))
	}
	return b
}

type tapCodes struct {
	channels, taps int
	packed, codes  []int8
}

func (t *tapCodes) Chunk(_, tap int) {
	row := t.packed[tap*t.channels:][:t.channels]
	for c := range row {
		row[c] = t.codes[c*t.taps+tap]
	}
}

// large reports whether the images of n samples, with values of x of so many
// bytes, do not fit the caches. Then it pays to fetch ahead, and to write past
// the caches.
func (p *Plan) large(n, size int) bool {
	const cache = 16 << 20
	return n*(size*p.depthwise.forward.from+4*p.depthwise.forward.to) > cache
}

func (p *Plan) depthwiseForward(workers *parallel.Pool, arena *tensor.Arena, y, x []float32, n int, w Panels, bias []float32) {
	if bias == nil {
		bias = w.noBias
	}
	p.depthwise.forward.product(workers, arena, p, y, x, n, w, bias)
}

// apart returns the pixels x as the kernels read them: a copy, or x itself. It is
// given back by releaseApart.
func (p *Plan) apart(workers *parallel.Pool, arena *tensor.Arena, x []float32) []float32 {
	if p.depthwise.pitch == p.C {
		return x
	}
	const pixels = 64
	wide := arena.Floats(len(x) / p.C * p.depthwise.pitch)
	parallel.Run(workers, (len(x)/p.C+pixels-1)/pixels, spacing{wide, x, p.C, p.depthwise.pitch, pixels})
	return wide
}

func (p *Plan) releaseApart(arena *tensor.Arena, x []float32) {
	if p.depthwise.pitch != p.C {
		arena.Release(x)
	}
}

// A spacing copies pixels.
type spacing struct {
	wide, x                 []float32
	channels, pitch, pixels int
}

func (s *spacing) Chunk(_, i int) {
	for at := i * s.pixels; at < min((i+1)*s.pixels, len(s.x)/s.channels); at++ {
		copy(s.wide[at*s.pitch:], s.x[at*s.channels:][:s.channels])
	}
}

func (p *Plan) depthwiseInputGradient(workers *parallel.Pool, arena *tensor.Arena, dx, dy []float32, n int, w []float32) {
	b := p.packDepthwise(workers, arena, &p.depthwise.backward, w)
	p.depthwise.backward.product(workers, arena, p, dx, dy, n, b, b.noBias)
	b.Release(arena)
}

func (s *sweep) product(workers *parallel.Pool, arena *tensor.Arena, p *Plan, y, x []float32, n int, w Panels, bias []float32) {
	compute := func(o *sweeping, s sweepPart) {
		steps := o.steps
		if o.large {
			steps.To, steps.Ahead[0] = kernel.Memory, s.ahead.of(o.x)
		}
		kernel.DepthwiseF32(o.y[s.y:], s.columns.yStep, o.bias, 0, o.w.f32[s.w:], o.x[s.x:], o.channels, s.columns.line, s.rows, steps)
	}
	x = p.apart(workers, arena, x)
	defer p.releaseApart(arena, x)
	sweeping{sweep: s, n: n, channels: p.C, compute: compute, y: y, bias: bias, x: x, w: w, large: p.large(n, 4)}.run(workers)
}

func (p *Plan) depthwiseForwardCodes(workers *parallel.Pool, y []float32, x []uint8, n int, w Panels, scale, bias []float32) {
	if bias == nil {
		bias = w.noBias
	}
	compute := func(o *sweeping, s sweepPart) {
		steps := o.steps
		steps.To = kernel.Target(o.large)
		kernel.DepthwiseU8S8(o.y[s.y:], s.columns.yStep, o.scale[s.image], o.bias, o.w.s8[s.w:], o.codes[s.x:], o.channels, s.columns.line, s.rows, steps)
	}
	sweeping{sweep: &p.depthwise.codes, n: n, channels: p.C, compute: compute, y: y, bias: bias, scale: scale, codes: x, w: w, large: p.large(n, 1)}.run(workers)
}

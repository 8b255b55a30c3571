package gemm

import "github.com/AlarioAI/bitnet/internal/kernel"

// A gather says where the rows and segments of one product lie. Offsets are
// within one sample.
//
// The pixels of the result are ordered by classes: those of a class see the
// same taps of the filter inside the image. The rows of a call are neighbours in
// that order, taken over all samples, so most calls leave out exactly the taps
// that see padding. In a residual network on small images that is more than half
// of the multiplications.
type gather struct {
	frame      Frame // around the images that are read
	h, w       axis  // the window
	depth      int   // channels of a group
	contiguous bool  // the taps of a row of the window are neighbours in memory
	taps       []int // filter position kh*KW+kw of each tap, in the order of the window
	classes    []class
	rows       []int // start of each pixel's window, by class; it may lie before the image
	outs       []int // start of each pixel in the result
	classOf    []int // of each pixel

	outer *outerTable // for the weight gradient; made when first needed
}

// A class are the pixels [first, end) of the order.
type class struct {
	first, end int
	reach      reach
	segs       [units]segments
}

// size returns the number of pixels in a sample.
func (c *class) size() int { return c.end - c.first }

// A reach is the part of a window that touches the image: taps along both axes.
type reach struct{ h, w interval }

func (r reach) union(o reach) reach { return reach{r.h.union(o.h), r.w.union(o.w)} }

// An interval is [first, end).
type interval struct{ first, end int }

// union returns the smallest interval that holds both.
func (r interval) union(o interval) interval {
	return interval{min(r.first, o.first), max(r.end, o.end)}
}

// of returns the part of an array.
func (r interval) of(x []float32) []float32 { return x[r.first:r.end] }

// A unit is how many values of A a step of a panel takes.
type unit int

const (
	floats unit = 1                   // float32
	fours  unit = 4                   // int8 codes
	dozens unit = kernel.TernaryDepth // float32 whose products are looked up
	units       = 3
)

func (u unit) index() int {
	switch u {
	case floats:
		return 0
	case fours:
		return 1
	}
	return 2
}

// up returns n values in steps, rounded up.
func (u unit) up(n int) int { return (n + int(u) - 1) / int(u) }

// segments are those of a call, all of one length.
type segments struct {
	list  []kernel.Segment
	steps int // of each
}

// newGather makes the gather for images in a frame of which windows along both
// axes are read, and for a result of channels outC in rows of outLine values.
// The filter has kw columns.
func newGather(f Frame, h, w residue, groups, kw, outLine, outC int) gather {
	g := gather{frame: f, h: h.axis, w: w.axis, depth: f.C / groups}
	g.contiguous = groups == 1 && len(w.offsets) > 0
	for i, o := range w.offsets {
		g.contiguous = g.contiguous && o == i
	}
	for _, y := range h.taps {
		for _, x := range w.taps {
			g.taps = append(g.taps, y*kw+x)
		}
	}
	for _, rows := range h.classes(f.H) {
		for _, columns := range w.classes(f.W) {
			c := class{first: len(g.rows)}
			if rows.seen != (interval{}) && columns.seen != (interval{}) {
				c.reach = reach{rows.seen, columns.seen}
			}
			for _, i := range rows.at {
				for _, j := range columns.at {
					g.rows = append(g.rows, (h.first[i]+f.Top)*f.RowLen()+(w.first[j]+f.Left)*f.C)
					g.outs = append(g.outs, h.at[i]*outLine+w.at[j]*outC)
					g.classOf = append(g.classOf, len(g.classes))
				}
			}
			c.end = len(g.rows)
			for _, u := range []unit{floats, fours, dozens} {
				c.segs[u.index()] = g.segments(nil, c.reach, u)
			}
			g.classes = append(g.classes, c)
		}
	}
	return g
}

// joins reports whether the taps of a row of the window follow each other in a
// panel. Where they are neighbours in memory they do, but for lookups: powers of two
// never fill dozens, so that no tap could be left out.
func (g *gather) joins(u unit) bool { return g.contiguous && u != dozens }

// A run is a row of the window where its taps are joined, else a tap: the
// values of a run follow each other in a panel, which rounds it up to whole
// steps.
func (g *gather) run(u unit) int {
	if g.joins(u) {
		return len(g.w.offsets) * g.depth
	}
	return g.depth
}

func (g *gather) runs(u unit) int {
	if g.joins(u) {
		return len(g.h.offsets)
	}
	return len(g.taps)
}

// steps returns the number of steps of a panel.
func (g *gather) steps(u unit) int { return g.runs(u) * u.up(g.run(u)) }

// clips reports whether segments may begin and end at any tap. Where a tap does
// not fill steps, a row of joined taps can only be read as a whole.
func (g *gather) clips(u unit) bool { return !g.joins(u) || g.depth%int(u) == 0 }

// segments returns the segments of a window that are in reach. It appends them
// to list.
func (g *gather) segments(list []kernel.Segment, r reach, u unit) segments {
	line, c := g.frame.RowLen(), g.frame.C
	run := u.up(g.run(u))
	if !g.joins(u) {
		for kh := r.h.first; kh < r.h.end; kh++ {
			for kw := r.w.first; kw < r.w.end; kw++ {
				list = append(list, kernel.Segment{
					A: g.h.offsets[kh]*line + g.w.offsets[kw]*c,
					B: (kh*len(g.w.offsets) + kw) * run,
				})
			}
		}
		return segments{list, run}
	}
	first, steps := 0, run
	if g.clips(u) {
		tap := g.depth / int(u)
		first, steps = r.w.first, (r.w.end-r.w.first)*tap
	}
	for kh := r.h.first; kh < r.h.end; kh++ {
		list = append(list, kernel.Segment{A: g.h.offsets[kh]*line + first*c, B: kh*run + first*g.depth/int(u)})
	}
	return segments{list, steps}
}

// A place is one row of a product over several samples.
type place struct{ class, sample, pixel int }

// locate returns the place of row m of a product over n samples: a class begins
// at n times the pixels before it.
func (g *gather) locate(m, n int) place {
	class := g.classOf[m/n]
	return g.placeIn(class, m-n*g.classes[class].first)
}

// placeIn returns the place of row m of a class, counted over all samples.
func (g *gather) placeIn(i, m int) place {
	c := &g.classes[i]
	return place{i, m / c.size(), c.first + m%c.size()}
}

// within yields the samples of the rows [first, first+count) of a class, counted
// over all samples, and the pixels of each.
func (g *gather) within(class, first, count int) func(yield func(sample int, pixels interval) bool) {
	return func(yield func(int, interval) bool) {
		at, c := g.placeIn(class, first), &g.classes[class]
		for count > 0 {
			pixels := interval{at.pixel, min(at.pixel+count, c.end)}
			if !yield(at.sample, pixels) {
				return
			}
			count -= pixels.end - pixels.first
			at.sample++
			at.pixel = c.first
		}
	}
}

// A window is where one call reads and writes: offsets of a and y from which
// rows are counted, the sample or -1 for several, and the classes of the first
// and the last row.
type window struct{ a, y, sample, class, last int }

// ragged rows belong to several samples or do not fill tiles. The window of any
// call is kept here too, and filled field by field: a value would be copied through
// memory, written in words and at once read in pairs of them, which stalls.
type ragged struct {
	window
	rows, outs, samples [callRows]int
	segs                [64]kernel.Segment
}

// window returns the rows of the call at row m for n samples of aLen values,
// whose results have yLen: count of them, or fewer where another class begins
// and the frame holds no padding to read. A call always reads whole tiles of mr
// rows: where fewer are wanted, others are read and not written.
func (g *gather) window(m, count, n, mr, aLen, yLen int, own *ragged) (w *window, rows, outs []int) {
	at, whole := g.locate(m, n), (count+mr-1)/mr*mr
	c := &g.classes[at.class]
	w = &own.window
	w.class = at.class
	if at.pixel+whole <= c.end {
		w.a, w.y, w.sample, w.last = at.sample*aLen, at.sample*yLen, at.sample, at.class
		return w, g.rows[at.pixel : at.pixel+whole], g.outs[at.pixel : at.pixel+count]
	}
	w.a, w.y, w.sample = 0, 0, -1
	if g.frame.Bare() {
		count = min(count, (n-at.sample)*c.size()-(at.pixel-c.first))
		whole = (count + mr - 1) / mr * mr
	}
	for r := 0; r < count; {
		w.last = at.class
		some := min(count-r, c.end-at.pixel)
		a, y, outs := at.sample*aLen, at.sample*yLen, g.outs[at.pixel:][:some]
		for i, row := range g.rows[at.pixel:][:some] {
			own.rows[r] = a + row
			own.outs[r] = y + outs[i]
			own.samples[r] = at.sample
			r++
		}
		at.pixel = c.first
		if at.sample++; at.sample < n {
			continue
		}
		at.sample = 0
		if at.class++; at.class < len(g.classes) {
			c = &g.classes[at.class]
			at.pixel = c.first
		}
	}
	for r := count; r < whole; r++ {
		own.rows[r] = own.rows[count-1]
	}
	return w, own.rows[:whole], own.outs[:count]
}

// reachOf returns what the rows of a window reach together.
func (g *gather) reachOf(w *window) reach {
	r := g.classes[w.class].reach
	for c := w.class + 1; c <= w.last; c++ {
		r = r.union(g.classes[c].reach)
	}
	return r
}

// segmentsOf returns the segments of a window.
func (g *gather) segmentsOf(w *window, u unit, own *ragged) segments {
	if w.class == w.last {
		return g.classes[w.class].segs[u.index()]
	}
	return g.segments(own.segs[:0], g.reachOf(w), u)
}

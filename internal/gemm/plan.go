package gemm

// A Plan holds the tables that a geometry's products are driven by. It is
// made once per geometry and read-only afterwards.
type Plan struct {
	Conv
	Input  Frame // the layer's input with its padding
	Output Frame // the output gradient with what the input gradient needs around it

	forward gather   // y from the framed input
	inverse []gather // dx from the framed output gradient, one for each residue of the strides

	depthwise *depthwise // in place of both, or nil
	merged    *Plan      // in place of both, or nil: the plan that computes several groups as one
}

// A Frame is an image with room around it.
type Frame struct {
	H, W, C                  int // of the image inside
	Top, Left, Bottom, Right int // rows and columns around it
}

// Rows returns the number of rows of the frame.
func (f Frame) Rows() int { return f.Top + f.H + f.Bottom }

// RowLen returns the number of values in a row of the frame.
func (f Frame) RowLen() int { return (f.Left + f.W + f.Right) * f.C }

// Len returns the number of values of a framed sample.
func (f Frame) Len() int { return f.Rows() * f.RowLen() }

// Bare reports whether there is nothing around the image.
func (f Frame) Bare() bool { return f.Top == 0 && f.Left == 0 && f.Bottom == 0 && f.Right == 0 }

// A gather says where the rows and segments of one product lie. Offsets are
// within one sample.
type gather struct {
	rows    []int      // start of each row's window in the framed operand
	outs    []int      // start of each row in the result
	reach   []interval // of each row, the segments that touch the image; the others see padding only
	clipped bool       // some row does not reach the image with all its segments
	segs    []int      // start of each segment in a window
	seglen  int        // length of a segment, of all its taps together
	taps    []int      // filter position kh*KW+kw of each tap, in the order of the window
}

// NewPlan makes the plan of a geometry. It panics if the geometry makes no
// sense: fewer pixels than the filter, channels not divisible by groups.
func NewPlan(c Conv) *Plan {
	c.check()
	p := &Plan{Conv: c}
	switch m := c.merged(); {
	case c.isDepthwise():
		p.planDepthwise()
	case m != c:
		p.merged = newGeneralPlan(m)
		p.Input, p.Output = p.merged.Input, p.merged.Output
	default:
		return newGeneralPlan(c)
	}
	return p
}

// newGeneralPlan makes the plan of a geometry for the tiles of the GEMM.
func newGeneralPlan(c Conv) *Plan {
	p := &Plan{Conv: c}
	p.Input = Frame{H: c.H, W: c.W, C: c.C, Top: c.PH, Bottom: c.PH, Left: c.PW, Right: c.PW}
	p.planForward()
	p.planInverse()
	return p
}

func (p *Plan) planForward() {
	g, line := &p.forward, p.Input.RowLen()
	for oh := range p.OutH() {
		for ow := range p.OutW() {
			g.outs = append(g.outs, (oh*p.OutW()+ow)*p.O)
			g.rows = append(g.rows, oh*p.SH*line+ow*p.SW*p.C)
		}
	}
	h := axis{offsets: multiples(p.KH, p.DH), taps: multiples(p.KH, 1)}
	w := axis{offsets: multiples(p.KW, p.DW), taps: multiples(p.KW, 1)}
	g.cover(h, w, line, p.C, p.Groups, p.KW)
	g.clip(h.offsets, p.Input)
}

// planInverse derives the input gradient
//
//	dx[h,w] = sum(kh, kw, oh, ow with oh*SH+kh*DH = h+PH and ow*SW+kw*DW = w+PW) dy[oh,ow] W[kh,kw]
//
// For the input rows h with (h+PH) mod SH = r only the filter rows with
// kh*DH mod SH = r take part, and they do in the same pattern: with
// q = (h+PH) div SH they meet the output rows q - (kh*DH-r)/SH. So each pair
// of residues is a product like the forward one.
func (p *Plan) planInverse() {
	ph := residues(p.H, p.KH, p.SH, p.PH, p.DH)
	pw := residues(p.W, p.KW, p.SW, p.PW, p.DW)
	p.Output = Frame{H: p.OutH(), W: p.OutW(), C: p.O}
	p.Output.Top, p.Output.Bottom = margins(ph, p.OutH())
	p.Output.Left, p.Output.Right = margins(pw, p.OutW())
	line := p.Output.RowLen()
	for _, h := range ph {
		for _, w := range pw {
			var g gather
			for i, y := range h.at {
				for j, x := range w.at {
					g.outs = append(g.outs, (y*p.W+x)*p.C)
					g.rows = append(g.rows, (h.first[i]+p.Output.Top)*line+(w.first[j]+p.Output.Left)*p.O)
				}
			}
			g.cover(h.axis, w.axis, line, p.O, p.Groups, p.KW)
			g.clip(h.offsets, p.Output)
			if len(g.rows) > 0 {
				p.inverse = append(p.inverse, g)
			}
		}
	}
}

// An axis lists the filter positions (taps) along one axis that a window
// covers and their offsets in pixels from the window's start, ascending.
type axis struct{ offsets, taps []int }

// A residue is one residue class of an input axis: the positions in it, the
// output position where the window of each starts, and the window.
type residue struct {
	at, first []int
	axis
}

func residues(n, k, stride, pad, dilation int) []residue {
	all := make([]residue, stride)
	for r := range all {
		back := []int{} // how far before q each tap reads
		for t := k - 1; t >= 0; t-- {
			if t*dilation%stride == r {
				back = append(back, (t*dilation-r)/stride)
				all[r].taps = append(all[r].taps, t)
			}
		}
		for _, b := range back { // descending, so offsets ascend
			all[r].offsets = append(all[r].offsets, back[0]-b)
		}
		for x := range n {
			if (x+pad)%stride != r {
				continue
			}
			first := (x + pad) / stride
			if len(back) > 0 {
				first -= back[0]
			}
			all[r].at = append(all[r].at, x)
			all[r].first = append(all[r].first, first)
		}
	}
	return all
}

// margins returns how far the windows reach out before and behind n positions.
func margins(all []residue, n int) (before, behind int) {
	for _, r := range all {
		if len(r.taps) == 0 {
			continue
		}
		for _, first := range r.first {
			before = max(before, -first)
			behind = max(behind, first+r.offsets[len(r.offsets)-1]-(n-1))
		}
	}
	return before, behind
}

// cover sets segments and taps. Taps that are neighbours in memory share a
// segment.
func (g *gather) cover(h, w axis, line, channels, groups, kw int) {
	contiguous := groups == 1 && len(w.offsets) > 0
	for i, o := range w.offsets {
		contiguous = contiguous && o == i
	}
	for i, y := range h.offsets {
		for j, x := range w.offsets {
			g.taps = append(g.taps, h.taps[i]*kw+w.taps[j])
			if j == 0 || !contiguous {
				g.segs = append(g.segs, y*line+x*channels)
			}
		}
	}
	g.seglen = channels / groups
	if contiguous {
		g.seglen *= len(w.offsets)
	}
}

// clip sets reach. rows are the window's own rows, ascending.
func (g *gather) clip(rows []int, f Frame) {
	for _, start := range g.rows {
		r := g.touching(start/f.RowLen(), rows, f)
		g.reach = append(g.reach, r)
		g.clipped = g.clipped || r != interval{0, len(g.segs)}
	}
}

// touching returns which segments of a window that starts in row top of a frame
// lie in rows of the image; each of the window's rows has the same number of
// segments. A window in the padding gets one segment,
// of zeros, since kernels want at least one.
func (g *gather) touching(top int, rows []int, f Frame) interval {
	if len(rows) == 0 {
		return interval{}
	}
	perRow := len(g.segs) / len(rows)
	r := interval{len(g.segs), 0}
	for i, y := range rows {
		if at := top + y - f.Top; at >= 0 && at < f.H {
			r = r.union(interval{i * perRow, (i + 1) * perRow})
		}
	}
	if r.first > r.end {
		return interval{0, 1}
	}
	return r
}

// An interval is [first, end).
type interval struct{ first, end int }

// union returns the smallest interval that holds both.
func (r interval) union(o interval) interval {
	return interval{min(r.first, o.first), max(r.end, o.end)}
}

// of returns the part of an array.
func (r interval) of(x []float32) []float32 { return x[r.first:r.end] }

func multiples(n, step int) []int {
	m := make([]int, n)
	for i := range m {
		m[i] = i * step
	}
	return m
}

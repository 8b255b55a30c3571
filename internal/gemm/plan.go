package gemm

import "slices"

// A Plan holds the tables that a geometry's products are driven by. It is
// made once per geometry and, but for the tables of weight gradients, which are
// made when they are first needed, read-only afterwards.
type Plan struct {
	Conv
	Input Frame // the layer's input with its padding

	forward side // y from x
	inverse side // dx from dy

	depthwise *depthwise // in place of both, or nil
	merged    *Plan      // in place of both, or nil: the plan that computes several groups as one
	folded    *Plan      // in place of inverse, or nil: has but the inverse, whose input gradient is folded
}

// A side holds the gathers of a product, one for each residue of its strides:
// for images that lie bare, and for images in the frame, between whose classes a
// call need not stop. Where there is nothing around the image, both are the same.
type side struct {
	frame        Frame
	bare, framed []gather
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
		p.Input = p.merged.Input
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
	if c.folds() {
		p.folded = &Plan{Conv: c.wide()}
		p.folded.planInverse()
	} else {
		p.planInverse()
	}
	return p
}

func (p *Plan) planForward() {
	h := []residue{windows(p.OutH(), p.KH, p.SH, p.PH, p.DH)}
	w := []residue{windows(p.OutW(), p.KW, p.SW, p.PW, p.DW)}
	p.forward = p.newSide(p.Input, h, w, p.OutW()*p.O, p.O)
}

func (p *Plan) newSide(f Frame, h, w []residue, outLine, outC int) side {
	gathers := func(f Frame) (all []gather) {
		for _, h := range h {
			for _, w := range w {
				if g := newGather(f, h, w, p.Groups, p.KW, outLine, outC); len(g.rows) > 0 {
					all = append(all, g)
				}
			}
		}
		return all
	}
	s := side{frame: f, bare: gathers(Frame{H: f.H, W: f.W, C: f.C})}
	s.framed = s.bare
	if !f.Bare() {
		s.framed = gathers(f)
	}
	return s
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
	f := Frame{H: p.OutH(), W: p.OutW(), C: p.O}
	f.Top, f.Bottom = margins(ph, p.OutH())
	f.Left, f.Right = margins(pw, p.OutW())
	p.inverse = p.newSide(f, ph, pw, p.W*p.C, p.C)
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

// windows returns what a filter of k taps sees along one axis on the way
// forward, from n positions.
func windows(n, k, stride, pad, dilation int) residue {
	r := residue{at: multiples(n, 1), first: multiples(n, stride)}
	r.offsets, r.taps = multiples(k, dilation), multiples(k, 1)
	for i := range r.first {
		r.first[i] -= pad
	}
	return r
}

// seen returns which taps of the i-th window lie in [0, n).
func (r *residue) seen(i, n int) interval {
	var seen interval
	for t, o := range r.offsets {
		if at := r.first[i] + o; at >= 0 && at < n {
			if seen.end == 0 {
				seen.first = t
			}
			seen.end = t + 1
		}
	}
	return seen
}

// An axisClass are the windows, by their indices, that see the same taps.
type axisClass struct {
	seen interval
	at   []int
}

// classes sorts the windows over n positions by what they see.
func (r *residue) classes(n int) (all []axisClass) {
	for i := range r.at {
		seen := r.seen(i, n)
		c := slices.IndexFunc(all, func(c axisClass) bool { return c.seen == seen })
		if c < 0 {
			c, all = len(all), append(all, axisClass{seen: seen})
		}
		all[c].at = append(all[c].at, i)
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

func multiples(n, step int) []int {
	m := make([]int, n)
	for i := range m {
		m[i] = i * step
	}
	return m
}

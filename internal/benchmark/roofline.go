package benchmark

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
)

// Layout of the picture, in SVG units.
const (
	plotLeft, plotTop     = 64.0, 20.0
	plotWidth, plotHeight = 560.0, 480.0
	plotRight             = plotLeft + plotWidth
	plotBottom            = plotTop + plotHeight
	roofRoom              = 84.0 // right of the plot
	listLeft, listLine    = plotRight + roofRoom + 12, 15.0
	pictureWidth          = listLeft + 380
	axisRoom              = 48.0 // below the plot
)

// The colours of a viewer's light mode, and then those of its dark mode, of
// which a viewer that has none sees nothing.
const rooflineStyle = `
text { font: 12px system-ui, sans-serif; fill: #222 }
.small { font-size: 11px }
.paper { fill: #fff }
.grid { stroke: #ddd; fill: none }
.frame { stroke: #555; fill: none }
.roof { fill: none; stroke-width: 2 }
.f32 { stroke: #1f5fa8 } .mark.f32, text.f32 { fill: #1f5fa8; stroke: none }
.int8 { stroke: #b3541e } .mark.int8, text.int8 { fill: #b3541e; stroke: none }
.bf16 { stroke: #2a7a3b } .mark.bf16, text.bf16 { fill: #2a7a3b; stroke: none }
.memory { stroke: #6b4a9c } .mark.memory, text.memory { fill: #6b4a9c; stroke: none }
text.number { stroke: #fff; stroke-width: 3px; paint-order: stroke }
@media (prefers-color-scheme: dark) {
text { fill: #ddd }
.paper { fill: #16181b }
.grid { stroke: #34383d }
.frame { stroke: #999 }
.f32 { stroke: #7fb3ee } .mark.f32, text.f32 { fill: #7fb3ee }
.int8 { stroke: #f0a070 } .mark.int8, text.int8 { fill: #f0a070 }
.bf16 { stroke: #83cf92 } .mark.bf16, text.bf16 { fill: #83cf92 }
.memory { stroke: #c3a6f0 } .mark.memory, text.memory { fill: #c3a6f0 }
text.number { stroke: #16181b }
}
`

// A look is how a bound is drawn: its class in the style, and a mark of its own
// for readers who do not see colours.
type look struct{ class, mark string }

func lookOf(b Bound) look {
	switch b {
	case Int8:
		return look{"int8", "M-4 -4h8v8h-8z"}
	case BF16:
		return look{"bf16", "M0 -5L4.6 3.6H-4.6z"}
	case Memory:
		return look{"memory", "M0 -5L5 0L0 5L-5 0z"}
	}
	return look{"f32", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"}
}

// A roofline is the picture of kernels below the roofs of a processor (Williams
// et al., "Roofline: an insightful visual performance model", 2009): a kernel
// that does x operations for each byte of memory does at most
// min(peak, bandwidth*x) operations in a second. Both axes are logarithmic.
type roofline struct {
	*bufio.Writer
	minX, maxX, minY, maxY float64
	taken                  []box // where there are numbers of points
}

type box struct{ x, y, w, h float64 }

func (b box) overlaps(o box) bool {
	return b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h
}

// Roofline writes the picture as an SVG, the kernels numbered in their order.
func Roofline(w io.Writer, p Peaks, all []Measurement) error {
	r := &roofline{Writer: bufio.NewWriter(w)}
	r.fit(p, all)
	height := max(plotBottom+axisRoom, plotTop+listLine*float64(len(all)+1))
	r.line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" aria-label="Roofline of %d kernels">`, number(pictureWidth), number(height), len(all))
	r.line("<style>%s</style>", rooflineStyle)
	r.line(`<rect class="paper" width="%s" height="%s"/>`, number(pictureWidth), number(height))
	r.axes()
	r.roofs(p)
	for _, m := range all {
		r.taken = append(r.taken, box{r.x(m.Intensity) - 5, r.y(m.Gops) - 5, 10, 10})
	}
	for i, m := range all {
		r.label(i, m)
		r.point(i, m)
		y := number(plotTop + listLine*float64(i+1))
		r.line(`<text class="small %s" x="%s" y="%s" text-anchor="end">%d</text>`, lookOf(m.Bound).class, number(listLeft+16), y, i+1)
		r.line(`<text class="small" x="%s" y="%s">%s: %s GOP/s, %.0f %%</text>`, number(listLeft+24), y, html.EscapeString(m.Kernel), short(m.Gops), 100*m.Share)
	}
	r.line(`</svg>`)
	return r.Flush()
}

func (r *roofline) line(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

// fit chooses the axes: whole powers of ten around the points, the roofs and
// the ridges where they meet.
func (r *roofline) fit(p Peaks, all []Measurement) {
	top := max(p.F32, p.Int8, p.BF16)
	lowX, highX := p.F32/p.Memory(), top/p.Memory()
	lowY, highY := p.F32, top
	for _, m := range all {
		lowX, highX = min(lowX, m.Intensity), max(highX, m.Intensity)
		lowY, highY = min(lowY, m.Gops), max(highY, m.Gops)
	}
	r.minX, r.maxX = decade(lowX*0.9, math.Floor), decade(highX*1.1, math.Ceil)
	r.minY, r.maxY = decade(lowY*0.9, math.Floor), decade(highY*1.1, math.Ceil)
}

// decade returns the power of ten beside x.
func decade(x float64, round func(float64) float64) float64 {
	return math.Pow(10, round(math.Log10(x)))
}

func (r *roofline) x(intensity float64) float64 {
	return plotLeft + plotWidth*math.Log(intensity/r.minX)/math.Log(r.maxX/r.minX)
}

func (r *roofline) y(gops float64) float64 {
	return plotBottom - plotHeight*math.Log(gops/r.minY)/math.Log(r.maxY/r.minY)
}

func (r *roofline) axes() {
	for t := r.minX; t < r.maxX*1.5; t *= 10 {
		x := number(r.x(t))
		r.line(`<path class="grid" d="M%s %sV%s"/>`, x, number(plotTop), number(plotBottom))
		r.line(`<text x="%s" y="%s" text-anchor="middle">%s</text>`, x, number(plotBottom+18), short(t))
	}
	for t := r.minY; t < r.maxY*1.5; t *= 10 {
		y := r.y(t)
		r.line(`<path class="grid" d="M%s %sH%s"/>`, number(plotLeft), number(y), number(plotRight))
		r.line(`<text x="%s" y="%s" text-anchor="end">%s</text>`, number(plotLeft-8), number(y+4), short(t))
	}
	r.line(`<path class="frame" d="M%s %sV%sH%s"/>`, number(plotLeft), number(plotTop), number(plotBottom), number(plotRight))
	r.line(`<text x="%s" y="%s" text-anchor="middle">Operations per byte of memory</text>`, number(plotLeft+plotWidth/2), number(plotBottom+38))
	r.line(`<text transform="translate(16 %s) rotate(-90)" text-anchor="middle">10⁹ operations per second (GFLOP/s, GOP/s)</text>`, number(plotTop+plotHeight/2))
}

// roofs draws the bandwidth as far as the highest peak, and each peak from where
// the bandwidth allows it.
func (r *roofline) roofs(p Peaks) {
	memory := p.Memory()
	start := max(r.minX, r.minY/memory)
	end := max(p.F32, p.Int8, p.BF16) / memory
	x0, y0, x1, y1 := r.x(start), r.y(memory*start), r.x(end), r.y(memory*end)
	r.line(`<path class="roof memory" d="M%s %sL%s %s"/>`, number(x0), number(y0), number(x1), number(y1))
	angle := math.Atan2(y1-y0, x1-x0) * 180 / math.Pi
	const along = 0.06 // where few kernels are
	r.line(`<text class="small memory" transform="translate(%s %s) rotate(%s)" dy="-6">memory %s GB/s</text>`,
		number(x0+along*(x1-x0)), number(y0+along*(y1-y0)), number(angle), short(memory))
	for _, roof := range []struct {
		bound Bound
		peak  float64
		unit  string
	}{{F32, p.F32, "GFLOP/s"}, {BF16, p.BF16, "GFLOP/s"}, {Int8, p.Int8, "GOP/s"}} {
		if roof.peak == 0 {
			continue
		}
		class, y := lookOf(roof.bound).class, r.y(roof.peak)
		r.line(`<path class="roof %s" d="M%s %sH%s"/>`, class, number(r.x(roof.peak/memory)), number(y), number(plotRight))
		r.line(`<text class="small %s" x="%s" y="%s">%s</text>`, class, number(plotRight+6), number(y-2), roof.bound)
		r.line(`<text class="small %s" x="%s" y="%s">%s %s</text>`, class, number(plotRight+6), number(y+10), short(roof.peak), roof.unit)
	}
}

func (r *roofline) point(i int, m Measurement) {
	l := lookOf(m.Bound)
	r.line(`<path class="mark %s" transform="translate(%s %s)" d="%s"><title>%d: %s: %s GOP/s at %s operations per byte, %.0f %% of %s</title></path>`,
		l.class, number(r.x(m.Intensity)), number(r.y(m.Gops)), l.mark,
		i+1, html.EscapeString(m.Kernel), short(m.Gops), short(m.Intensity), 100*m.Share, m.Bound)
}

// label writes the number of a point beside it, in the nearest place that is
// free.
func (r *roofline) label(i int, m Measurement) {
	text := strconv.Itoa(i + 1)
	b := box{w: 6.5 * float64(len(text)), h: 10}
	x, y := r.x(m.Intensity), r.y(m.Gops)
	put := func(distance, angle float64) {
		sin, cos := math.Sincos(angle)
		b.x, b.y = x+distance*cos-b.w/2, y-distance*sin-b.h/2
	}
	free := func() bool {
		for _, o := range r.taken {
			if b.overlaps(o) {
				return false
			}
		}
		return b.x > plotLeft && b.x+b.w < plotRight && b.y > plotTop && b.y+b.h < plotBottom
	}
	const directions = 16
search:
	for distance := 12.0; distance < 60; distance += 4 {
		for d := range directions {
			if put(distance, 2*math.Pi*float64(d)/directions); free() {
				break search
			}
		}
	}
	r.taken = append(r.taken, b)
	class := lookOf(m.Bound).class
	if math.Hypot(b.x+b.w/2-x, b.y+b.h/2-y) > 16 {
		r.line(`<path class="grid %s" d="M%s %sL%s %s"/>`, class, number(x), number(y), number(b.x+b.w/2), number(b.y+b.h/2))
	}
	r.line(`<text class="small number %s" x="%s" y="%s" text-anchor="middle">%s</text>`, class, number(b.x+b.w/2), number(b.y+b.h-1), text)
}

// number prints a coordinate to a tenth of a unit, which hides the last bits in
// which platforms may differ.
func number(x float64) string {
	return strconv.FormatFloat(math.Round(10*x)/10+0, 'f', -1, 64)
}

// short prints a quantity to three digits.
func short(x float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

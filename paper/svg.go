package paper

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The figures of the page are drawn here and not by gonum/plot: an SVG whose
// text is text and whose colours are classes of the page's style sheet follows
// the light and the dark mode and a reader's font, which a picture made by a
// plotting library does not, and it takes no more than this file.

// Size of a panel in SVG units. One panel fills the width of a phone, where a
// unit is about a pixel.
const (
	panelWidth, panelHeight  = 380.0, 270.0
	marginLeft, marginRight  = 54.0, 12.0
	marginTop, marginBottom  = 12.0, 46.0
	plotWidth, plotHeight    = panelWidth - marginLeft - marginRight, panelHeight - marginTop - marginBottom
	tickLength, markerRadius = 4.0, 4.0
)

func (w *htmlWriter) figure(f *figure) {
	w.line(`<figure id="%s">`, f.ID)
	for _, r := range f.Rows {
		if r.Title != "" {
			w.line(`<p class="row-title">%s</p>`, html.EscapeString(r.Title))
		}
		w.line(`<div class="panels">`)
		for _, p := range r.Panels {
			w.svg(p)
		}
		w.line(`</div>`)
	}
	w.line(`<ul class="legend">`)
	for _, s := range f.legend() {
		w.line(`<li><svg viewBox="0 0 28 12" width="28" height="12" aria-hidden="true">%s</svg> %s</li>`, legendKey(s), html.EscapeString(s.Name))
	}
	w.line(`</ul>`)
	w.line(`<figcaption><strong>Figure %s:</strong> %s</figcaption>`, w.Numbers[f.ID], w.inline(f.Caption))
	w.line(`</figure>`)
}

func (w *htmlWriter) svg(p panel) {
	w.line(`<svg class="plot" viewBox="0 0 %g %g" role="img" aria-label="%s">`, panelWidth, panelHeight, html.EscapeString(describe(p)))
	w.axes(p)
	for _, s := range p.Series {
		w.line(`<g class="%s">`, seriesClass(s))
		if s.Line {
			w.line(`<path class="curve" d="%s"/>`, curvePath(p, s))
		}
		for _, q := range s.Points {
			x, y := position(p, q.X, q.Y)
			if s.Line {
				w.line(`<circle cx="%s" cy="%s" r="6" class="target"><title>%s, %s %s: %s</title></circle>`, pixel(x), pixel(y), html.EscapeString(s.Name), html.EscapeString(strings.ToLower(p.X.Label)), coordinate(q.X), coordinate(q.Y))
				continue
			}
			if q.Error > 0 {
				w.line(`<path class="bar" d="%s"/>`, errorBar(p, q))
			}
			w.line(`<path class="mark" transform="translate(%s %s)" d="%s"><title>%s: %s</title></path>`, pixel(x), pixel(y), markPath(s.Mark), html.EscapeString(s.Name), decimal(q.Y, 2))
		}
		w.line(`</g>`)
	}
	w.line(`</svg>`)
}

// axes draws the grid, the frame, the ticks and the labels.
func (w *htmlWriter) axes(p panel) {
	bottom, right := marginTop+plotHeight, marginLeft+plotWidth
	for _, t := range p.X.Ticks {
		x := pixel(marginLeft + plotWidth*p.X.at(t.At))
		w.line(`<path class="grid" d="M%s %g V%g"/>`, x, marginTop, bottom)
		w.line(`<path class="tick" d="M%s %g v%g"/><text x="%s" y="%g" text-anchor="middle">%s</text>`, x, bottom, tickLength, x, bottom+17, html.EscapeString(t.Label))
	}
	for _, t := range p.Y.Ticks {
		at := marginTop + plotHeight*(1-p.Y.at(t.At))
		class := "grid"
		if t.At == 0 {
			class = "zero"
		}
		w.line(`<path class="%s" d="M%g %s H%g"/>`, class, marginLeft, pixel(at), right)
		w.line(`<path class="tick" d="M%g %s h%g"/><text x="%g" y="%s" text-anchor="end">%s</text>`, marginLeft, pixel(at), -tickLength, marginLeft-8, pixel(at+4), html.EscapeString(t.Label))
	}
	w.line(`<path class="frame" d="M%g %g V%g H%g"/>`, marginLeft, marginTop, bottom, right)
	w.line(`<text class="label" x="%g" y="%g" text-anchor="middle">%s</text>`, marginLeft+plotWidth/2, panelHeight-7, html.EscapeString(p.X.Label))
	w.line(`<text class="label" transform="translate(13 %g) rotate(-90)" text-anchor="middle">%s</text>`, marginTop+plotHeight/2, html.EscapeString(p.Y.Label))
}

// position returns where a point of the panel is drawn.
func position(p panel, x, y float64) (float64, float64) {
	return marginLeft + plotWidth*p.X.at(x), marginTop + plotHeight*(1-p.Y.at(y))
}

func curvePath(p panel, s series) string {
	var d strings.Builder
	for i, q := range s.Points {
		x, y := position(p, q.X, q.Y)
		d.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + pixel(x) + " " + pixel(y))
	}
	return d.String()
}

func errorBar(p panel, q point) string {
	x, low := position(p, q.X, q.Y-q.Error)
	_, high := position(p, q.X, q.Y+q.Error)
	left, right := pixel(x-4), pixel(x+4)
	return fmt.Sprintf("M%s %sV%sM%s %sH%sM%s %sH%s", pixel(x), pixel(low), pixel(high), left, pixel(low), right, left, pixel(high), right)
}

// pixel prints a coordinate to a hundredth of a unit.
func pixel(x float64) string {
	return coordinate(math.Round(100*x) / 100)
}

// markPath outlines a mark around the origin: four shapes, then the same open.
func markPath(mark int) string {
	r := markerRadius
	switch mark % 4 {
	case 1:
		return fmt.Sprintf("M%g %gh%gv%gh%gz", -r, -r, 2*r, 2*r, -2*r)
	case 2:
		return fmt.Sprintf("M0 %gL%g %gH%gz", -1.2*r, 1.15*r, 0.9*r, -1.15*r)
	case 3:
		return fmt.Sprintf("M0 %gL%g 0L0 %gL%g 0z", -1.3*r, 1.2*r, 1.3*r, -1.2*r)
	}
	return fmt.Sprintf("M%g 0a%g %g 0 1 0 %g 0a%g %g 0 1 0 %g 0z", -r, r, r, 2*r, r, r, -2*r)
}

func seriesClass(s series) string {
	class := fmt.Sprintf("s%d", s.styleNumber())
	if !s.Line && s.Mark%seriesStyles >= 4 {
		class += " open"
	}
	return class
}

func legendKey(s series) string {
	if s.Line {
		return fmt.Sprintf(`<g class="%s"><path class="curve" d="M0 6H28"/></g>`, seriesClass(s))
	}
	return fmt.Sprintf(`<g class="%s"><path class="mark" transform="translate(14 6)" d="%s"/></g>`, seriesClass(s), markPath(s.Mark))
}

// describe tells a reader who does not see the panel what it shows.
func describe(p panel) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s against %s.", p.Y.Label, strings.ToLower(p.X.Label))
	for _, s := range p.Series {
		first, last := s.Points[0], s.Points[len(s.Points)-1]
		if s.Line {
			fmt.Fprintf(&out, " %s: from %s to %s over %s.", s.Name, decimal(first.Y, 3), decimal(last.Y, 3), counted(len(s.Points), "epoch", "epochs"))
			continue
		}
		fmt.Fprintf(&out, " %s:", s.Name)
		for i, q := range s.Points {
			if i > 0 {
				out.WriteByte(',')
			}
			fmt.Fprintf(&out, " %s", decimal(q.Y, 2))
		}
		out.WriteByte('.')
	}
	return out.String()
}

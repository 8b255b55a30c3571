package paper

import (
	"fmt"
	"strings"
)

// figure prints a float of pgfplots panels with the legend under them. The
// colours, marks and line patterns are styles of the preamble.
func (w *latexWriter) figure(f *figure) {
	w.line("\\begin{figure}[tbp]\n\\centering")
	for _, r := range f.Rows {
		if r.Title != "" {
			w.line(`{\small\bfseries %s}\par\smallskip`, escapeLaTeX(r.Title))
		}
		width := `0.68\linewidth`
		if len(r.Panels) > 1 {
			width = fmt.Sprintf(`%.2f\linewidth`, 0.98/float64(len(r.Panels)))
		}
		for i, p := range r.Panels {
			if i > 0 {
				w.line(`\hfill`)
			}
			w.panel(p, width)
		}
		w.line(`\par\medskip`)
	}
	var legend []string
	for _, s := range f.legend() {
		key := "pointkey"
		if s.Line {
			key = "linekey"
		}
		legend = append(legend, fmt.Sprintf(`\mbox{\%s{%s}~%s}`, key, seriesStyle(s), escapeLaTeX(s.Name)))
	}
	w.line(`{\footnotesize %s\par}`, strings.Join(legend, "\\quad\n"))
	w.line(`\caption{%s}\label{%s}`, w.inline(f.Caption), f.ID)
	w.line(`\end{figure}`)
}

func (w *latexWriter) panel(p panel, width string) {
	mode := ""
	if p.X.Log {
		mode = "xmode=log, "
	}
	w.line("\\begin{tikzpicture}\n\\begin{axis}[%spaperplot, width=%s,", mode, width)
	w.line("  xlabel={%s}, %s,", escapeLaTeX(p.X.Label), axisKeys("x", p.X))
	w.line("  ylabel={%s}, %s]", escapeLaTeX(p.Y.Label), axisKeys("y", p.Y))
	if p.Y.Min < 0 && p.Y.Max > 0 {
		w.line(`\addplot[zeroline] coordinates {(%s,0) (%s,0)};`, coordinate(p.X.Min), coordinate(p.X.Max))
	}
	for _, s := range p.Series {
		w.line(`\addplot[%s] coordinates {`, seriesStyle(s))
		for _, q := range s.Points {
			if s.Line {
				w.line("  (%s,%s)", coordinate(q.X), coordinate(q.Y))
			} else {
				w.line("  (%s,%s) +- (0,%s)", coordinate(q.X), coordinate(q.Y), coordinate(q.Error))
			}
		}
		w.line("};")
	}
	w.line("\\end{axis}\n\\end{tikzpicture}%%")
}

// axisKeys gives pgfplots the range and the ticks instead of letting it choose.
func axisKeys(name string, a axis) string {
	at, labels := make([]string, len(a.Ticks)), make([]string, len(a.Ticks))
	for i, t := range a.Ticks {
		at[i], labels[i] = coordinate(t.At), strings.ReplaceAll(escapeLaTeX(t.Label), ",", "{,}") // 48,000 is one label
	}
	return fmt.Sprintf("%[1]smin=%[2]s, %[1]smax=%[3]s, %[1]stick={%[4]s}, %[1]sticklabels={%[5]s}",
		name, coordinate(a.Min), coordinate(a.Max), strings.Join(at, ","), strings.Join(labels, ","))
}

// seriesStyles is how many colours, and how many marks, the preamble and the
// style sheet define; beyond it they start again.
const seriesStyles = 8

func seriesStyle(s series) string {
	if s.Line {
		return fmt.Sprintf("curve%d", s.styleNumber())
	}
	return fmt.Sprintf("points, colour%d, mark%d", s.styleNumber(), s.Mark%seriesStyles)
}

// styleNumber is 0 for the FloatNet, and from 1 to seriesStyles-1 else.
func (s series) styleNumber() int {
	if s.Colour == 0 {
		return 0
	}
	return 1 + (s.Colour-1)%(seriesStyles-1)
}

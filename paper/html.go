package paper

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// renderHTML prints the document as one page without external resources.
func renderHTML(d *document) (string, error) {
	w := &htmlWriter{document: d}
	w.line(`<!DOCTYPE html>`)
	w.line(`<html lang="en">`)
	w.line(`<head>`)
	w.line(`<meta charset="utf-8">`)
	w.line(`<meta name="viewport" content="width=device-width, initial-scale=1">`)
	w.line(`<meta name="color-scheme" content="light dark">`)
	w.line(`<title>%s</title>`, html.EscapeString(d.Title))
	w.line("<style>\n%s</style>", textFile("style.css"))
	w.line("</head>\n<body>\n<main>\n<header>")
	w.line(`<h1>%s</h1>`, html.EscapeString(d.Title))
	if len(d.Authors) > 0 {
		w.line(`<p class="authors">%s</p>`, html.EscapeString(strings.Join(d.Authors, ", ")))
	}
	if d.Date != "" {
		w.line(`<p class="date">%s</p>`, html.EscapeString(d.Date))
	}
	w.line("</header>\n" + `<section class="abstract" aria-labelledby="abstract">` + "\n" + `<h2 id="abstract">Abstract</h2>`)
	w.blocks(d.Abstract)
	w.line(`</section>`)
	w.blocks(d.Body)
	w.references()
	w.line("</main>\n</body>\n</html>")
	return w.out.String(), w.err
}

// An htmlWriter prints blocks. It keeps the first error and goes on.
type htmlWriter struct {
	*document
	out     strings.Builder
	section [2]int // numbers of the last section and subsection
	err     error
}

func (w *htmlWriter) line(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

func (w *htmlWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *htmlWriter) blocks(blocks []block) {
	for _, b := range blocks {
		switch b := b.(type) {
		case heading:
			w.heading(b)
		case paragraph:
			w.line(`<p>%s</p>`, w.inline(b.Text))
		case list:
			w.line(`<ul>`)
			for _, item := range b.Items {
				w.line(`<li>%s</li>`, w.inline(item))
			}
			w.line(`</ul>`)
		case equation:
			w.line(`<div class="equation" id="%s"><div class="scroll">%s</div><span class="number">(%s)</span></div>`, b.ID, w.math(b.TeX, true), w.Numbers[b.ID])
		case *table:
			w.table(b)
		case *figure:
			w.figure(b)
		}
	}
}

// heading prints a section's number and title, as LaTeX counts them.
func (w *htmlWriter) heading(h heading) {
	number := ""
	if h.Level == 1 {
		w.section = [2]int{w.section[0] + 1, 0}
		number = fmt.Sprint(w.section[0])
	} else {
		w.section[1]++
		number = fmt.Sprintf("%d.%d", w.section[0], w.section[1])
	}
	w.line(`<h%[1]d><span class="number">%[2]s</span> %[3]s</h%[1]d>`, h.Level+1, number, w.inline(h.Text))
}

func (w *htmlWriter) inline(text []inline) string {
	var out strings.Builder
	for _, piece := range text {
		switch piece := piece.(type) {
		case plain:
			out.WriteString(html.EscapeString(string(piece)))
		case emph:
			out.WriteString("<em>" + html.EscapeString(string(piece)) + "</em>")
		case code:
			out.WriteString("<code>" + html.EscapeString(string(piece)) + "</code>")
		case formula:
			out.WriteString(w.math(string(piece), false))
		case strong:
			out.WriteString("<strong>" + w.inline(piece) + "</strong>")
		case valueRef:
			value, err := w.Values.get(string(piece))
			if err != nil {
				w.fail(err)
			}
			out.WriteString(html.EscapeString(value))
		case citation:
			out.WriteString(w.citation(piece))
		case crossRef:
			fmt.Fprintf(&out, `<a href="#%s">%s</a>`, piece, w.Numbers[string(piece)])
		}
	}
	return out.String()
}

func (w *htmlWriter) math(tex string, display bool) string {
	formula, err := mathML(tex, display)
	if err != nil {
		w.fail(err)
	}
	return formula
}

func (w *htmlWriter) citation(keys citation) string {
	links := make([]string, len(keys))
	for i, key := range keys {
		n := slices.IndexFunc(w.Cited, func(r reference) bool { return r.Key == key }) + 1
		links[i] = fmt.Sprintf(`<a href="#ref-%s">%d</a>`, key, n)
	}
	return "[" + strings.Join(links, ", ") + "]"
}

func (w *htmlWriter) references() {
	w.line(`<h2>References</h2>` + "\n" + `<ol class="references">`)
	for _, r := range w.Cited {
		w.line(`<li id="ref-%s">%s</li>`, r.Key, w.inline(r.print()))
	}
	w.line(`</ol>`)
}

// table prints the table inside a region that scrolls sideways on a narrow
// screen. Every group is a tbody under its own heading.
func (w *htmlWriter) table(t *table) {
	w.line(`<figure class="table" id="%s">`, t.ID)
	w.line(`<figcaption id="%s-caption"><strong>Table %s:</strong> %s</figcaption>`, t.ID, w.Numbers[t.ID], w.inline(t.Caption))
	w.line(`<div class="scroll" role="region" tabindex="0" aria-labelledby="%s-caption">`, t.ID)
	w.line("<table>\n<thead>\n<tr>")
	for _, c := range t.Columns {
		w.line(`<th scope="col"%s>%s</th>`, alignment(c), w.inline(c.Head))
	}
	w.line("</tr>\n</thead>\n<tbody>")
	for i, r := range t.Rows {
		if r.Span != nil {
			if i > 0 {
				w.line("</tbody>\n<tbody>")
			}
			w.line(`<tr><th scope="rowgroup" colspan="%d">%s</th></tr>`, len(t.Columns), w.inline(r.Span))
			continue
		}
		w.line(`<tr>`)
		for j, c := range r.Cells {
			if j == 0 {
				w.line(`<th scope="row">%s</th>`, w.inline(c))
				continue
			}
			w.line(`<td%s>%s</td>`, alignment(t.Columns[j]), w.inline(c))
		}
		w.line(`</tr>`)
	}
	w.line("</tbody>\n</table>\n</div>\n</figure>")
}

func alignment(c column) string {
	if c.Right {
		return ` class="right"`
	}
	return ""
}

package paper

import (
	"fmt"
	"strings"
)

// renderLaTeX prints the document as paper.tex. It reads values.tex and
// references.bib beside it.
func renderLaTeX(d *document) (string, error) {
	w := &latexWriter{document: d}
	w.line("%% Written from the records of the experiments; changes are lost when it is written again.\n")
	w.line("%s", textFile("preamble.tex"))
	w.line(`\title{%s}`, escapeLaTeX(d.Title))
	authors := make([]string, len(d.Authors))
	for i, a := range d.Authors {
		authors[i] = escapeLaTeX(a)
	}
	w.line(`\author{%s}`, strings.Join(authors, ` \and `))
	w.line(`\date{%s}`+"\n", escapeLaTeX(d.Date))
	w.line("\\begin{document}\n\\maketitle\n\n\\begin{abstract}")
	w.blocks(d.Abstract)
	w.line("\\end{abstract}\n")
	w.blocks(d.Body)
	w.line("\n\\bibliographystyle{unsrt}\n\\bibliography{references}\n\n\\end{document}")
	return w.out.String(), w.err
}

// renderValues prints values.tex, a macro for each value. \val{name} in
// paper.tex stops LaTeX when there is no such value.
func renderValues(v *values) string {
	var out strings.Builder
	out.WriteString("% Written from the records of the experiments; changes are lost when it is written again.\n")
	for _, name := range v.names() {
		fmt.Fprintf(&out, "\\setval{%s}{%s}\n", name, escapeLaTeX(v.text[name]))
	}
	return out.String()
}

// A latexWriter prints blocks. It keeps the first error and goes on.
type latexWriter struct {
	*document
	out strings.Builder
	err error
}

func (w *latexWriter) line(format string, args ...any) {
	fmt.Fprintf(&w.out, format+"\n", args...)
}

func (w *latexWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *latexWriter) blocks(blocks []block) {
	for i, b := range blocks {
		// No empty line around a formula: it belongs to the paragraph.
		if i > 0 && !isEquation(b) && !isEquation(blocks[i-1]) {
			w.line("")
		}
		switch b := b.(type) {
		case heading:
			w.line(`\%ssection{%s}`, strings.Repeat("sub", b.Level-1), w.inline(b.Text))
		case paragraph:
			w.line("%s", wrap(w.inline(b.Text)))
		case list:
			w.line(`\begin{itemize}`)
			for _, item := range b.Items {
				w.line("%s", wrap(`\item `+w.inline(item)))
			}
			w.line(`\end{itemize}`)
		case equation:
			w.line("\\begin{equation}\\label{%s}\n%s\n\\end{equation}", b.ID, b.TeX)
		case *table:
			w.table(b)
		case *figure:
			w.figure(b)
		}
	}
}

// wrap breaks a paragraph at spaces, so that a change of the text is a change
// of few lines and a TeX error has a line number that means something.
func wrap(paragraph string) string {
	const width = 100
	var out strings.Builder
	column := 0
	for i, word := range strings.Split(paragraph, " ") {
		switch {
		case i == 0:
		case column+len(word) >= width:
			out.WriteByte('\n')
			column = 0
		default:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += len(word)
	}
	return out.String()
}

func isEquation(b block) bool {
	_, ok := b.(equation)
	return ok
}

func (w *latexWriter) inline(text []inline) string {
	var out strings.Builder
	for _, piece := range text {
		switch piece := piece.(type) {
		case plain:
			out.WriteString(escapeLaTeX(string(piece)))
		case emph:
			out.WriteString(`\emph{` + escapeLaTeX(string(piece)) + `}`)
		case code:
			out.WriteString(`\texttt{` + escapeLaTeX(string(piece)) + `}`)
		case formula:
			out.WriteString(`$` + string(piece) + `$`)
		case strong:
			out.WriteString(`\textbf{` + w.inline(piece) + `}`)
		case valueRef:
			if _, err := w.Values.get(string(piece)); err != nil {
				w.fail(err)
			}
			out.WriteString(`\val{` + string(piece) + `}`)
		case citation:
			out.WriteString(`\cite{` + strings.Join(piece, ",") + `}`)
		case crossRef:
			out.WriteString(`\ref{` + string(piece) + `}`)
		}
	}
	return out.String()
}

// unbrokenRows is the length up to which a table stays on one page.
const unbrokenRows = 12

// rowEnd ends row i. Longer tables break between groups, or anywhere when they
// have none.
func rowEnd(t *table, i int) string {
	grouped := t.Rows[0].Span != nil
	inside := i+1 < len(t.Rows) && (len(t.Rows) <= unbrokenRows || grouped && t.Rows[i+1].Span == nil)
	if inside {
		return `\\*`
	}
	return `\\`
}

// table prints a longtable, which may go over several pages: an experiment
// over many architectures has more rows than a page.
func (w *latexWriter) table(t *table) {
	align, head := "", make([]string, len(t.Columns))
	for i, c := range t.Columns {
		align += map[bool]string{false: "l", true: "r"}[c.Right]
		head[i] = w.inline(c.Head)
	}
	headLine := strings.Join(head, " & ") + ` \\ \midrule`
	w.line(`\begingroup\tablesize\begin{longtable}{@{}%s@{}}`, align)
	w.line(`\caption{%s}\label{%s}\\ \toprule`, w.inline(t.Caption), t.ID)
	w.line(`%s \endfirsthead`, headLine)
	w.line(`\toprule %s \endhead`, headLine)
	w.line(`\bottomrule \endfoot`)
	for i, r := range t.Rows {
		if r.Span != nil {
			if i > 0 {
				w.line(`\addlinespace`)
			}
			w.line(`\multicolumn{%d}{@{}l@{}}{\textit{%s}} \\*`, len(t.Columns), w.inline(r.Span))
			continue
		}
		cells := make([]string, len(r.Cells))
		for j, c := range r.Cells {
			cells[j] = w.inline(c)
		}
		w.line("%s %s", strings.Join(cells, " & "), rowEnd(t, i))
	}
	w.line(`\end{longtable}\endgroup`)
}

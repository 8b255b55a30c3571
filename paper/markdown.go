package paper

import (
	"strings"

	"github.com/AlarioAI/bitnet/experiment"
)

// Markdown returns the results table of the paper as a table of Markdown, the
// kind that GitHub shows. It fails in the cases of Write.
func Markdown(records []experiment.Record) (string, error) {
	s, err := newStudy(records)
	if err != nil {
		return "", err
	}
	comparisons := compareTwins(s)
	v := fileValues(s, comparisons, nil)
	w := &markdownWriter{values: &v.values}
	w.table(resultsTable(s, comparisons, v))
	return w.out.String(), w.err
}

// A markdownWriter prints a table. It keeps the first error and goes on.
type markdownWriter struct {
	values *values
	out    strings.Builder
	err    error
}

func (w *markdownWriter) table(t *table) {
	head, rule := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i], rule[i] = w.inline(c.Head), "---"
		if c.Right {
			rule[i] = "--:"
		}
	}
	w.row(head)
	w.row(rule)
	for _, r := range t.Rows {
		cells := make([]string, len(t.Columns))
		if r.Span != nil {
			cells[0] = "*" + w.inline(r.Span) + "*"
		}
		for i, c := range r.Cells {
			cells[i] = w.inline(c)
		}
		w.row(cells)
	}
}

func (w *markdownWriter) row(cells []string) {
	w.out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (w *markdownWriter) inline(text []inline) string {
	var out strings.Builder
	for _, piece := range text {
		switch piece := piece.(type) {
		case plain:
			out.WriteString(escapeMarkdown(string(piece)))
		case strong:
			out.WriteString("**" + w.inline(piece) + "**")
		case formula:
			out.WriteString("$" + string(piece) + "$")
		case valueRef:
			value, err := w.values.get(string(piece))
			if err != nil && w.err == nil {
				w.err = err
			}
			out.WriteString(escapeMarkdown(value))
		default:
			panic("paper: a table cell holds what Markdown has no form for")
		}
	}
	return out.String()
}

// escapeMarkdown escapes what Markdown or the HTML in it gives a meaning to.
func escapeMarkdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "&", "&amp;", "\n", " ").Replace(s)
}

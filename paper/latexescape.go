package paper

import (
	"fmt"
	"strings"
	"unicode"
)

// escapeLaTeX writes text so that pdflatex prints it as it is. Characters that
// the T1 fonts do not have are printed as their code points.
func escapeLaTeX(text string) string {
	var out strings.Builder
	var before rune
	for _, r := range text {
		if r == '-' && before == '-' {
			out.WriteString("{}") // two hyphens are not a dash
		}
		out.WriteString(latexRune(r))
		before = r
	}
	return out.String()
}

func latexRune(r rune) string {
	switch r {
	case '\\':
		return `\textbackslash{}`
	case '{', '}', '#', '$', '%', '&':
		return `\` + string(r)
	case '_':
		return `\_\allowbreak{}` // long names of architectures break there
	case '~':
		return `\textasciitilde{}`
	case '^':
		return `\textasciicircum{}`
	case '<':
		return `\textless{}`
	case '>':
		return `\textgreater{}`
	case '|':
		return `\textbar{}`
	case '"':
		return `\textquotedbl{}`
	case '\'':
		return `\textquotesingle{}`
	case '`':
		return `\textasciigrave{}`
	case '−':
		return `\ensuremath{-}`
	case '±':
		return `\ensuremath{\pm}`
	case '×':
		return `\ensuremath{\times}`
	case '–':
		return `--`
	case '—':
		return `---`
	case '·':
		return `\ensuremath{\cdot}`
	case '’':
		return `'`
	case '\u00a0':
		return `~`
	}
	switch {
	case unicode.IsSpace(r) || unicode.IsControl(r):
		return " "
	case r < 0x7f, r >= 0xc0 && r <= 0x17f && unicode.IsLetter(r):
		return string(r)
	}
	return fmt.Sprintf("[U+%04X]", r)
}

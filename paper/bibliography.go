package paper

import (
	"fmt"
	"strings"
)

// A reference is an entry of text/references.bib, which LaTeX reads through
// BibTeX and the HTML through parseBibliography.
type reference struct {
	Key    string
	Fields map[string]string
}

// parseBibliography reads the strict form of BibTeX that references.bib is
// written in: "@type{key," on a line, one "name = {text}," per line, and "}".
func parseBibliography(bib string) (map[string]reference, error) {
	entries := map[string]reference{}
	var open *reference
	for n, line := range strings.Split(bib, "\n") {
		line = strings.TrimSuffix(strings.TrimSpace(line), ",")
		switch {
		case line == "":
		case open == nil && strings.HasPrefix(line, "@"):
			_, key, _ := strings.Cut(line, "{")
			open = &reference{Key: key, Fields: map[string]string{}}
		case open != nil && line == "}":
			entries[open.Key] = *open
			open = nil
		default:
			name, value, ok := strings.Cut(line, "=")
			if !ok || open == nil {
				return nil, fmt.Errorf("references.bib line %d: expected a field", n+1)
			}
			value = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(value), "{"), "}")
			open.Fields[strings.TrimSpace(name)] = strings.NewReplacer("{", "", "}", "", "--", "–").Replace(value)
		}
	}
	return entries, nil
}

// print sets the reference as BibTeX's style unsrt does. The title of a
// journal, of a book and of proceedings is emphasised.
func (r reference) print() []inline {
	f := r.Fields
	authors := strings.Split(f["author"], " and ")
	if n := len(authors); n > 2 {
		authors = []string{strings.Join(authors[:n-1], ", ") + ",", authors[n-1]}
	}
	out := []inline{plain(strings.Join(authors, " and ") + ". ")}
	if f["publisher"] != "" {
		out = append(out, emph(f["title"]), plain(". "+f["publisher"]+", "+f["edition"]+" edition, "))
	} else {
		out = append(out, plain(f["title"]+". "))
	}
	switch {
	case f["journal"] != "":
		out = append(out, emph(f["journal"]), plain(", "+volume(f)))
	case f["booktitle"] != "":
		out = append(out, plain("In "), emph(f["booktitle"]), plain(", "))
		if f["pages"] != "" {
			out = append(out, plain("pages "+f["pages"]+", "))
		}
	case f["institution"] != "":
		out = append(out, plain("Technical report, "+f["institution"]+", "))
	}
	end := plain(f["year"] + ".")
	if f["note"] != "" {
		end += plain(" " + f["note"] + ".")
	}
	return append(out, end)
}

func volume(f map[string]string) string {
	if f["volume"] == "" {
		return ""
	}
	return fmt.Sprintf("%s(%s):%s, ", f["volume"], f["number"], f["pages"])
}

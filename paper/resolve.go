package paper

import (
	"fmt"
	"slices"
)

// resolve numbers the tables, figures and equations in their order, collects
// the cited references in the order of their first citation, and checks that
// every reference in the text leads somewhere.
func (d *document) resolve() error {
	entries, err := parseBibliography(textFile("references.bib"))
	if err != nil {
		return err
	}
	d.Numbers = map[string]string{}
	var tables, figures, equations int
	for _, b := range d.Body {
		switch b := b.(type) {
		case *table:
			tables++
			d.Numbers[b.ID] = fmt.Sprint(tables)
		case *figure:
			figures++
			d.Numbers[b.ID] = fmt.Sprint(figures)
		case equation:
			equations++
			d.Numbers[b.ID] = fmt.Sprint(equations)
		}
	}
	for _, b := range slices.Concat(d.Abstract, d.Body) {
		for _, text := range texts(b) {
			for _, piece := range text {
				if err := d.follow(piece, entries); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (d *document) follow(piece inline, entries map[string]reference) error {
	switch piece := piece.(type) {
	case crossRef:
		if d.Numbers[string(piece)] == "" {
			return fmt.Errorf("the text refers to %q, which does not exist", string(piece))
		}
	case citation:
		for _, key := range piece {
			entry, ok := entries[key]
			if !ok {
				return fmt.Errorf("the text cites %q, which references.bib does not have", key)
			}
			if !slices.ContainsFunc(d.Cited, func(r reference) bool { return r.Key == key }) {
				d.Cited = append(d.Cited, entry)
			}
		}
	}
	return nil
}

// texts returns the running texts of a block.
func texts(b block) [][]inline {
	switch b := b.(type) {
	case heading:
		return [][]inline{b.Text}
	case paragraph:
		return [][]inline{b.Text}
	case list:
		return b.Items
	case *table:
		return [][]inline{b.Caption}
	case *figure:
		return [][]inline{b.Caption}
	}
	return nil
}

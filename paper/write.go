package paper

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/internal/durable"
)

// Options are the parts of a paper that the records do not give. The zero
// value is good.
type Options struct {
	Title    string           // default: a title that fits any records
	Authors  []string         // default: none
	Date     string           // printed as it is; default: none, so that the same records give the same bytes
	Expected []experiment.Key // the runs that the experiment planned; those without a record are listed as missing
}

// A Paper is what Write made.
type Paper struct {
	TeX      string   // path of paper.tex
	HTML     string   // path of paper.html
	Warnings []string // gaps in the records, as the documents list them
}

// Write writes the paper about the records into the folder dir, which it makes
// if need be: paper.tex, values.tex, references.bib and paper.html. The order of
// the records does not matter. Nothing is written unless all of it could be
// made, and a file is replaced whole or not at all.
//
// It fails when there is no record, when two records of one run differ, when an
// accuracy is not in [0, 1], and when the folder cannot be written.
func Write(dir string, records []experiment.Record, opts Options) (Paper, error) {
	d, list, err := newDocument(records, opts)
	if err != nil {
		return Paper{}, fmt.Errorf("cannot write the paper: %w", err)
	}
	tex, err := renderLaTeX(d)
	if err != nil {
		return Paper{}, fmt.Errorf("cannot write the paper: %w", err)
	}
	page, err := renderHTML(d)
	if err != nil {
		return Paper{}, fmt.Errorf("cannot write the paper: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Paper{}, fmt.Errorf("cannot write the paper: %w", err)
	}
	p := Paper{filepath.Join(dir, "paper.tex"), filepath.Join(dir, "paper.html"), list}
	for _, file := range []struct{ name, content string }{
		{filepath.Join(dir, "references.bib"), textFile("references.bib")},
		{filepath.Join(dir, "values.tex"), renderValues(d.Values)},
		{p.TeX, tex},
		{p.HTML, page},
	} {
		err := durable.WriteFile(file.name, 0o666, func(w io.Writer) error {
			_, err := io.WriteString(w, file.content)
			return err
		})
		if err != nil {
			return Paper{}, fmt.Errorf("cannot write the paper: %w", err)
		}
	}
	return p, nil
}

// newDocument does everything between the records and the renderers. It also
// returns the warnings that the document lists.
func newDocument(records []experiment.Record, opts Options) (*document, []string, error) {
	s, err := newStudy(records)
	if err != nil {
		return nil, nil, err
	}
	comparisons := compareTwins(s)
	list := warnings(s, opts.Expected)
	v := fileValues(s, comparisons, list)
	floats, curves := floats(s, comparisons, v)
	facts := newFacts(s, comparisons, v, len(list), curves)
	facts.Discrepancies = floats["fig-parameters"] != nil && floats["fig-images"] != nil

	d := &document{Title: opts.Title, Authors: opts.Authors, Date: opts.Date, Values: &v.values}
	if d.Title == "" {
		d.Title = "The Accuracy Cost of Low-Precision Weights"
	}
	if d.Abstract, err = readProse("abstract.md", facts, floats); err != nil {
		return nil, nil, err
	}
	for _, name := range []string{"introduction.md", "method.md", "setup.md", "results.md", "discussion.md"} {
		blocks, err := readProse(name, facts, floats)
		if err != nil {
			return nil, nil, err
		}
		d.Body = append(d.Body, blocks...)
	}
	return d, list, d.resolve()
}

func readProse(name string, f *facts, floats map[string]block) ([]block, error) {
	source, err := expand(name, f)
	if err != nil {
		return nil, err
	}
	blocks, err := parseMarkup(source, floats)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return blocks, nil
}

// floats makes all tables and figures by their ids, and lists the ids of the
// learning curves.
func floats(s *study, comparisons []*comparison, v *filer) (all map[string]block, curves []string) {
	all = map[string]block{
		"tab-setup":   setupTable(s, v),
		"tab-results": resultsTable(s, comparisons, v),
	}
	parameters := func(c *comparison) int { return c.Group.parameters()[0] }
	images := func(c *comparison) int { return c.Bit.Runs[0].Result.TrainSize }
	for _, f := range []*figure{
		discrepancyFigure("fig-parameters", "Number of parameters", s, comparisons, parameters, func(c *comparison) string { return c.Group.Data }),
		discrepancyFigure("fig-images", "Number of training images", s, comparisons, images, func(c *comparison) string { return c.Group.Architecture }),
	} {
		if f != nil {
			all[f.ID] = f
		}
	}
	for _, f := range curveFigures(s) {
		all[f.ID] = f
		curves = append(curves, f.ID)
	}
	return all, curves
}

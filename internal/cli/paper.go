package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/paper"
)

type paperCommand struct {
	Store    string `arg:"" optional:"" default:"out" help:"Folder of the store (default: ${default})."`
	Out      string `placeholder:"DIR" help:"Folder for the paper (default: paper, in the store)."`
	Markdown bool   `help:"Print the table of results in Markdown and write nothing."`
	paperFlags
}

// paperFlags are what the records do not give.
type paperFlags struct {
	Title  string   `help:"Title of the paper."`
	Author []string `sep:"none" placeholder:"NAME" help:"Author of the paper; repeatable."`
	Date   string   `help:"Date of the paper, printed as it is (default: none, so that the same runs give the same bytes)."`
}

// Help is shown below the flags.
func (paperCommand) Help() string {
	return `Writes paper.tex and paper.html, and makes paper.pdf by latexmk if TeX is installed. Runs that were planned and are not finished are listed in the paper as missing.

Example:

    bitnet paper out --author 'A. Author'`
}

func (c paperCommand) Run(t *terminal) error {
	if c.Markdown {
		return printTable(t, c.Store)
	}
	dir := c.Out
	if dir == "" {
		dir = filepath.Join(c.Store, "paper")
	}
	return writePaper(t, c.Store, dir, c.paperFlags)
}

// writePaper writes the paper about a store into dir and prints the paths of
// what is there to read.
func writePaper(t *terminal, store, dir string, f paperFlags) error {
	records, unfinished, err := experiment.Read(store)
	if err != nil {
		return err
	}
	expected := unfinished
	for _, r := range records {
		expected = append(expected, r.Key)
	}
	written, err := paper.Write(dir, records, paper.Options{Title: f.Title, Authors: f.Author, Date: f.Date, Expected: expected})
	if err != nil {
		return fmt.Errorf("%s: %w", store, err)
	}
	for _, w := range written.Warnings {
		t.log("warning: %s", w)
	}
	fmt.Fprintln(t.stdout, written.HTML)
	t.log("making paper.pdf of %s", written.TeX)
	pdf, err := paper.Build(t, dir)
	if errors.Is(err, paper.ErrNoTeX) {
		t.log("no paper.pdf: %v; the HTML has the same text, tables and figures", err)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.stdout, pdf)
	return err
}

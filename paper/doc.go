// Package paper turns the records of an experiment into a paper that follows
// them: paper.tex with values.tex and references.bib, and the same text,
// tables and figures as paper.html, which needs neither TeX nor a network.
//
// Data flows one way:
//
//	records -> study (groups of twins) -> comparisons (statistics)
//	        -> values, tables, figures -> document -> LaTeX and HTML
//
// The prose is written once, in text/*.md, and expanded to a document of
// sections, paragraphs, formulas, tables and figures that both renderers walk.
// No number of a result is typed there: prose and table cells name a value,
// and a name without a value is an error.
package paper

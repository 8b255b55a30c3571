package paper

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// No number of a result is typed by hand: neither the prose nor the cells of a
// table contain a digit outside of formulas, values, citations, the names of
// recipes, and the names of data sets and networks.
func TestNoDigitIsTyped(t *testing.T) {
	names := strings.NewReplacer("LeNet-5", "", "CIFAR-10", "")
	for name, records := range cases() {
		d, _, err := newDocument(records, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range append(d.Abstract, d.Body...) {
			pieces := texts(b)
			if table, ok := b.(*table); ok {
				for _, c := range table.Columns {
					pieces = append(pieces, c.Head)
				}
				for _, r := range table.Rows {
					pieces = append(append(pieces, r.Span), r.Cells...)
				}
			}
			for _, text := range pieces {
				for _, piece := range text {
					switch piece := piece.(type) {
					case plain:
						if s := names.Replace(string(piece)); strings.ContainsFunc(s, unicode.IsDigit) {
							t.Errorf("%s: a number is typed in %q", name, s)
						}
					case emph:
						if strings.ContainsFunc(string(piece), unicode.IsDigit) {
							t.Errorf("%s: a number is typed in %q", name, piece)
						}
					}
				}
			}
		}
	}
}

// The same for the sources, whose sentences the cases may not all reach.
func TestNoDigitIsTypedInTheSources(t *testing.T) {
	known := regexp.MustCompile("(?s)\\{\\{.*?\\}\\}|\\$\\$.*?\\n\\$\\$|\\$[^$]*\\$|<[^>]*>|\\[@[^]]*\\]|\\[#[^]]*\\]|`[^`]*`|@(table|figure) \\S+|LeNet-5|CIFAR-10")
	digit := regexp.MustCompile(`.*[0-9].*`)
	for _, name := range []string{"abstract.md", "introduction.md", "method.md", "setup.md", "results.md", "discussion.md"} {
		for _, line := range digit.FindAllString(known.ReplaceAllString(textFile(name), ""), -1) {
			t.Errorf("%s has a typed number: %s", name, line)
		}
	}
}

func TestAMissingValueIsAnError(t *testing.T) {
	for _, markup := range []string{"The accuracy is <no/such/value>.", "- <no/such/value>", "# On <no/such/value>"} {
		blocks, err := parseMarkup(markup, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := &document{Body: blocks, Values: &values{map[string]string{}}}
		want := `the text uses the value "no/such/value", which the records do not give`
		if _, err := renderLaTeX(d); err == nil || err.Error() != want {
			t.Errorf("LaTeX: error %v", err)
		}
		if _, err := renderHTML(d); err == nil || err.Error() != want {
			t.Errorf("HTML: error %v", err)
		}
	}
}

func TestMarkupMistakesAreErrors(t *testing.T) {
	for markup, want := range map[string]string{
		"a `b":             "\"`b\" has no closing `",
		"see [4]":          "[4] is neither a citation [@key] nor a reference [#id]",
		"$$ #eq\nx = 1":    `the formula "$$ #eq" has no end`,
		"@figure f\nWhat.": `the text shows "f", which does not exist`,
	} {
		if _, err := parseMarkup(markup, nil); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %q", markup, err, want)
		}
	}
}

func TestReferencesMustExist(t *testing.T) {
	for markup, want := range map[string]string{
		"see [@nobody1900]": `the text cites "nobody1900", which references.bib does not have`,
		"see [#tab-none]":   `the text refers to "tab-none", which does not exist`,
	} {
		blocks, err := parseMarkup(markup, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&document{Body: blocks}).resolve(); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %q", markup, err, want)
		}
	}
}

func TestReferencesReadAsBibTeXSetsThem(t *testing.T) {
	entries, err := parseBibliography(textFile("references.bib"))
	if err != nil {
		t.Fatal(err)
	}
	w := &htmlWriter{}
	for key, want := range map[string]string{
		"wang2023":    "Hongyu Wang, Shuming Ma, Li Dong, Shaohan Huang, Huaijie Wang, Lingxiao Ma, Fan Yang, Ruiping Wang, Yi Wu, and Furu Wei. BitNet: Scaling 1-bit Transformers for Large Language Models. <em>arXiv preprint arXiv:2310.11453</em>, 2023.",
		"lecun1998":   "Yann LeCun, Léon Bottou, Yoshua Bengio, and Patrick Haffner. Gradient-Based Learning Applied to Document Recognition. <em>Proceedings of the IEEE</em>, 86(11):2278–2324, 1998.",
		"kingma2015":  "Diederik P. Kingma and Jimmy Ba. Adam: A Method for Stochastic Optimization. In <em>International Conference on Learning Representations (ICLR)</em>, 2015. arXiv:1412.6980.",
		"cohen1988":   "Jacob Cohen. <em>Statistical Power Analysis for the Behavioral Sciences</em>. Lawrence Erlbaum Associates, 2nd edition, 1988.",
		"student1908": "Student. The Probable Error of a Mean. <em>Biometrika</em>, 6(1):1–25, 1908.",
	} {
		if got := w.inline(entries[key].print()); got != want {
			t.Errorf("%s reads\n%s\nwant\n%s", key, got, want)
		}
	}
}

package paper

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/experiment"
)

// cases are sets of records with gaps and oddities. Every one must give a
// paper that says so.
func cases() map[string][]experiment.Record {
	isFloat := func(k experiment.Key) bool { return k.Recipe == floatRecipe }
	settings := twins()
	settings[0].Settings.Epochs = 7
	parameters := twins()
	parameters[0].Result.Parameters++
	diverged := twins()
	diverged[1].Result.TestAccuracy = 0
	diverged[1].Result.Epochs = nil
	return map[string][]experiment.Record{
		"twins":         twins(),
		"many":          many(),
		"missing seed":  without(twins(), func(k experiment.Key) bool { return k.Architecture == "lenet5" && isFloat(k) && k.Seed == 1 }),
		"single seed":   without(twins(), func(k experiment.Key) bool { return k.Seed > 0 }),
		"one run":       twins()[:1],
		"only FloatNet": without(twins(), func(k experiment.Key) bool { return !isFloat(k) }),
		"only BitNet":   without(many(), isFloat),
		"one FloatNet missing": without(twins(), func(k experiment.Key) bool {
			return k.Architecture == "lenet5" && isFloat(k)
		}),
		"one pair":       without(twins(), func(k experiment.Key) bool { return isFloat(k) && k.Seed > 0 }),
		"unpaired":       without(twins(), func(k experiment.Key) bool { return isFloat(k) != (k.Seed == 0) }),
		"one network":    without(twins(), func(k experiment.Key) bool { return k.Architecture == "lenet5" }),
		"only alario":    without(many(), func(k experiment.Key) bool { return k.Recipe != "alario" && !isFloat(k) }),
		"only b1":        without(many(), func(k experiment.Key) bool { return k.Recipe != "b1" && !isFloat(k) }),
		"new recipe":     append(twins(), runs("mnist", "lenet5", "b2_x", 61750, 48000, 98, 98.1, 98.2)...),
		"rounded":        append(twins(), runs("mnist", "lenet5", "b158-bf16", 61750, 48000, 98, 98.1, 98.2)...),
		"only rounded":   append(runs("d", "a", "float", 10, 10, 90, 91), runs("d", "a", "b1-bf16", 10, 10, 90, 91)...),
		"settings":       settings,
		"parameters":     parameters,
		"diverged":       diverged,
		"clashing names": append(runs("recipe", "b158", "float", 10, 10, 90, 91), runs("data", "name", "name", 10, 10, 90, 91)...),
		"always equal":   append(runs("d", "a", "float", 10, 10, 90, 91), runs("d", "a", "b158", 10, 10, 90, 91)...),
		"empty results":  {{Key: experiment.Key{Data: "d", Architecture: "a", Recipe: "float"}}, {Key: experiment.Key{Data: "d", Architecture: "a", Recipe: "b158"}}},
	}
}

// A recipe with rounded gradients is told by the formulas of the one it is named
// after, and a sentence.
func TestRoundedGradientsAreTold(t *testing.T) {
	for name, told := range map[string]bool{"rounded": true, "only rounded": true, "twins": false} {
		d, _, err := newDocument(cases()[name], Options{})
		if err != nil {
			t.Fatal(err)
		}
		page, err := renderHTML(d)
		if err != nil {
			t.Fatal(err)
		}
		text := string(page)
		if strings.Contains(text, "keeps eight significant bits") != told {
			t.Errorf("%s: the rounding is told: %t, want %t", name, !told, told)
		}
		if strings.Contains(text, "not part of this text") || name == "only rounded" && !strings.Contains(text, "eq-b1-weights") {
			t.Errorf("%s: formulas are missing", name)
		}
	}
}

func TestEveryCaseGivesBothDocuments(t *testing.T) {
	for name, records := range cases() {
		t.Run(name, func(t *testing.T) {
			d, list, err := newDocument(records, Options{})
			if err != nil {
				t.Fatal(err)
			}
			tex, err := renderLaTeX(d)
			if err != nil {
				t.Fatal(err)
			}
			page, err := renderHTML(d)
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, page)
			if strings.Count(tex, `\begin{`) != strings.Count(tex, `\end{`) {
				t.Error("the LaTeX environments are not balanced")
			}
			for _, bad := range []string{"NaN", "+Inf", "-Inf", "%!", "<no value>"} {
				if strings.Contains(tex+page+renderValues(d.Values), bad) {
					t.Errorf("a document contains %q", bad)
				}
			}
			if shown := strings.Contains(page, "Completeness of the records"); shown != (len(list) > 0) {
				t.Errorf("%d warnings, shown in the page: %v", len(list), shown)
			}
		})
	}
}

// wellFormed checks that all elements of the page are closed in order.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict = false
	d.AutoClose = []string{"meta"}
	for depth := 0; ; {
		switch token, err := d.Token(); {
		case err == io.EOF:
			if depth != 0 {
				t.Error("the page has open elements at its end")
			}
			return
		case err != nil:
			t.Fatalf("the page is not well formed: %v", err)
		default:
			switch token.(type) {
			case xml.StartElement:
				depth++
			case xml.EndElement:
				depth--
			}
		}
	}
}

func TestGapsAreTold(t *testing.T) {
	for name, want := range map[string]string{
		"twins":                "",
		"missing seed":         "LeNet-5 on MNIST, FloatNet: 1 of 3 runs missing (seed 1).",
		"single seed":          "LeNet-5 on MNIST, b158: the twins have only one seed in common, so the difference has no confidence interval.",
		"only BitNet":          "Feedforward on MNIST, FloatNet: no run has finished (3 of 3 missing).",
		"one FloatNet missing": "LeNet-5 on MNIST, FloatNet: no run has finished (3 of 3 missing).",
		"unpaired":             "LeNet-5 on MNIST, b158: the twins have no seed in common, so their difference is not given.",
		"settings":             "Feedforward on MNIST: the runs were made with 2 different settings and are compared all the same.",
		"parameters":           "Feedforward on MNIST: the runs have different numbers of parameters (79,510, 79,511), so they are not twins.",
	} {
		t.Run(name, func(t *testing.T) {
			_, list, err := newDocument(cases()[name], Options{})
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(list, "\n")
			if want == "" && all != "" || !strings.Contains(all, want) {
				t.Errorf("warnings are\n%s\nwant %q", all, want)
			}
		})
	}
}

// What the planned runs are decides what is missing.
func TestExpectedRunsDecideWhatIsMissing(t *testing.T) {
	records := without(many(), func(k experiment.Key) bool { return k.Recipe == "alario" && k.Seed == 2 })
	var planned []experiment.Key
	for _, r := range records {
		planned = append(planned, r.Key)
	}
	s, err := newStudy(records)
	if err != nil {
		t.Fatal(err)
	}
	if list := warnings(s, planned); list != nil {
		t.Errorf("all planned runs are there, but the warnings are %q", list)
	}
	planned = append(planned, experiment.Key{Data: "mnist", Architecture: "vit", Recipe: "b158", Seed: 4})
	if list := warnings(s, planned); len(list) != 1 || list[0] != "vit on MNIST, BitNet b158: no run has finished (1 of 1 missing)." {
		t.Errorf("warnings are %q", list)
	}
}

func TestWhatCannotBeKnownIsADash(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"single seed": {
			"twins/mnist/lenet5/b158/pairs": "1", "twins/mnist/lenet5/b158/difference": "−0.60",
			"twins/mnist/lenet5/b158/interval": "–", "twins/mnist/lenet5/b158/p": "–", "twins/mnist/lenet5/b158/holm": "–", "twins/mnist/lenet5/b158/dz": "–",
		},
		"unpaired":     {"twins/mnist/lenet5/b158/pairs": "0", "twins/mnist/lenet5/b158/difference": "–", "twins/mnist/lenet5/b158/interval": "–"},
		"missing seed": {"twins/mnist/lenet5/float/runs": "2", "twins/mnist/lenet5/b158/runs": "3", "twins/mnist/lenet5/b158/pairs": "2"},
		"always equal": {"twins/d/a/b158/difference": "0.00", "twins/d/a/b158/interval": "[0.00, 0.00]", "twins/d/a/b158/p": "–"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _, err := newDocument(cases()[name], Options{})
			if err != nil {
				t.Fatal(err)
			}
			for key, text := range want {
				if got, err := d.Values.get(key); got != text || err != nil {
					t.Errorf("%s = %q, %v, want %q", key, got, err, text)
				}
			}
		})
	}
}

func TestOnlyRecipesThatOccurAreExplained(t *testing.T) {
	for name, want := range map[string][3]bool{ // b158, b1, alario
		"twins": {true, false, false}, "only b1": {false, true, false}, "only alario": {false, false, true}, "many": {true, true, true}, "only FloatNet": {},
	} {
		d, _, err := newDocument(cases()[name], Options{})
		if err != nil {
			t.Fatal(err)
		}
		tex, err := renderLaTeX(d)
		if err != nil {
			t.Fatal(err)
		}
		for i, recipe := range []string{"b158", "b1", "alario"} {
			if got := strings.Contains(tex, `\subsection{Recipe \texttt{`+recipe+`}}`); got != want[i] {
				t.Errorf("%s: recipe %s explained: %v", name, recipe, got)
			}
		}
	}
}

func TestRecordsThatCannotBeRight(t *testing.T) {
	differs := append(twins(), twins()[0])
	differs[len(differs)-1].Result.TestAccuracy = 0.5
	tooHigh := twins()
	tooHigh[0].Result.TestAccuracy = 96.89
	nameless := twins()
	nameless[3].Architecture = ""
	for want, records := range map[string][]experiment.Record{
		"no finished run to write about":                                                      nil,
		"two different records of one run: feedforward on mnist, float, seed 0":               differs,
		"record of feedforward on mnist, float, seed 0: test accuracy 96.89 is not in [0, 1]": tooHigh,
		`record without data set, architecture or recipe: "mnist", "", "b158"`:                nameless,
	} {
		dir := t.TempDir()
		_, err := Write(dir, records, Options{})
		if err == nil || err.Error() != "cannot write the paper: "+want {
			t.Errorf("error %v, want %q", err, want)
		}
		if names := fileNames(t, dir); len(names) > 0 {
			t.Errorf("%v was written all the same", names)
		}
	}
}

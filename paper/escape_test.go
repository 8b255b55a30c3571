package paper

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEscapeLaTeX(t *testing.T) {
	for text, want := range map[string]string{
		"torchvision.models.resnet18": "torchvision.models.resnet18",
		"my_net&co":                   `my\_\allowbreak{}net\&co`,
		`50% #1 $x {y} \z`:            `50\% \#1 \$x \{y\} \textbackslash{}z`,
		"~^|<>":                       `\textasciitilde{}\textasciicircum{}\textbar{}\textless{}\textgreater{}`,
		"a--b---c":                    "a-{}-b-{}-{}-c",
		"\"'`":                        `\textquotedbl{}\textquotesingle{}\textasciigrave{}`,
		"−0.5 ± 1×2":                  `\ensuremath{-}0.5 \ensuremath{\pm} 1\ensuremath{\times}2`,
		"3 – 4’":                      "3 -- 4'",
		"95\u00a0%":                   `95~\%`,
		"réseau Łódź":                 "réseau Łódź",
		"网":                           "[U+7F51]",
		"line\nbreak\x00":             "line break ",
	} {
		if got := escapeLaTeX(text); got != want {
			t.Errorf("escapeLaTeX(%q) = %q, want %q", text, got, want)
		}
	}
}

// What LaTeX would take as a command never gets through: with the commands that
// the escaping itself writes taken away, no special character is left.
func TestEscapedTextHasNoCommands(t *testing.T) {
	own := strings.NewReplacer(`\textbackslash{}`, "", `\textasciitilde{}`, "", `\textasciicircum{}`, "", `\textbar{}`, "", `\textless{}`, "",
		`\textgreater{}`, "", `\textquotedbl{}`, "", `\textquotesingle{}`, "", `\textasciigrave{}`, "", `\allowbreak{}`, "",
		`\ensuremath{-}`, "", `\ensuremath{\pm}`, "", `\ensuremath{\times}`, "", `\ensuremath{\cdot}`, "", "-{}-", "", "{}-", "",
		`\{`, "", `\}`, "", `\#`, "", `\$`, "", `\%`, "", `\&`, "", `\_`, "")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if rest := own.Replace(escapeLaTeX(text)); strings.ContainsAny(rest, `\{}#$%&_^|<>"'`+"`\n") && !strings.Contains(text, "’") {
			t.Fatalf("%q became %q", text, escapeLaTeX(text))
		}
	})
}

// A name from a record can be anything; neither document may take it as markup.
func TestHostileNamesStayText(t *testing.T) {
	records := append(runs(`<script>&"'`, `\input{x} $ <b> *a* [@x]`, "float", 10, 10, 90, 91), runs(`<script>&"'`, `\input{x} $ <b> *a* [@x]`, "b_&<1>", 10, 10, 89, 91)...)
	d, _, err := newDocument(records, Options{Title: "<i>%", Authors: []string{`A & B \\`}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := renderHTML(d)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, page)
	tex, err := renderLaTeX(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "<b>", "<i>", "<em>a</em>", "b_&<"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if all := tex + renderValues(d.Values); strings.Contains(all, `\input{x}`) {
		t.Error("LaTeX would run a name")
	}
}

func TestSlugsDiffer(t *testing.T) {
	s := newSlugs()
	for name, want := range map[string]string{"ResNet_18": "resnet-18"} {
		if got := s.slug(name); got != want {
			t.Errorf("slug(%q) = %q, want %q", name, got, want)
		}
	}
	if got := s.slug("resnet-18"); got != "resnet-18-2" {
		t.Errorf("the second of two equal slugs is %q", got)
	}
	if got := s.slug("ResNet_18"); got != "resnet-18" {
		t.Errorf("the same name has another slug the second time: %q", got)
	}
	if got := s.slug("网"); got != "name" {
		t.Errorf("a name without letters has the slug %q", got)
	}
}

package paper

import (
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	table, err := Markdown(twins())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	if want := 2 + 2*(1+2); len(lines) != want { // head and rule; for each network its name and both twins
		t.Fatalf("%d lines, want %d:\n%s", len(lines), want, table)
	}
	columns := strings.Count(lines[0], "|")
	for _, line := range lines {
		if strings.Count(line, "|") != columns {
			t.Errorf("%q has not as many columns as the head %q", line, lines[0])
		}
	}
	for _, want := range []string{"| FloatNet | 61,750 | 3 | **98.95** ± 0.07 |", "| BitNet b158 | 79,510 | 3 | 96.35 ± 0.07 | 3 | −0.48 |"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}

func TestMarkdownEscapes(t *testing.T) {
	table, err := Markdown(many())
	if err != nil {
		t.Fatal(err)
	}
	if want := `*my\_net&amp;co &lt;50% #1>`; !strings.Contains(table, want) {
		t.Errorf("no %q in\n%s", want, table)
	}
}

func TestMarkdownOfNothing(t *testing.T) {
	if _, err := Markdown(nil); err == nil {
		t.Error("no error")
	}
}

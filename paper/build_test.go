package paper

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func needTeX(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("LaTeX takes seconds")
	}
	for _, program := range []string{"latexmk", "pdflatex"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed, so no PDF is built", program)
		}
	}
}

// The hardest set of records builds, with every line inside the margins, and
// twice to the same bytes.
func TestBuild(t *testing.T) {
	needTeX(t)
	var pdfs [2][]byte
	for i := range pdfs {
		dir := t.TempDir()
		if _, err := Write(dir, many(), Options{Authors: []string{"A. Author", "B_&%"}, Date: "1 January 2000"}); err != nil {
			t.Fatal(err)
		}
		pdf, err := Build(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if pdfs[i], err = os.ReadFile(pdf); err != nil {
			t.Fatal(err)
		}
		log := read(t, filepath.Join(dir, "paper.log"))
		for _, bad := range []string{"Overfull \\hbox", "undefined", "multiply defined", "Missing character"} {
			if at := strings.Index(log, bad); at >= 0 {
				t.Errorf("the log says: %s", strings.SplitN(log[at:], "\n", 2)[0])
			}
		}
	}
	if !bytes.HasPrefix(pdfs[0], []byte("%PDF-")) || !bytes.Equal(pdfs[0], pdfs[1]) {
		t.Error("two builds of the same records differ")
	}
}

func TestBuildShowsTheFirstLaTeXError(t *testing.T) {
	needTeX(t)
	dir := t.TempDir()
	if _, err := Write(dir, twins(), Options{}); err != nil {
		t.Fatal(err)
	}
	tex := filepath.Join(dir, "paper.tex")
	broken := strings.Replace(read(t, tex), `\section{Introduction}`, `\section{Introduction} \val{no/such/value}`, 1)
	if err := os.WriteFile(tex, []byte(broken), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Build(t.Context(), dir)
	var failed *TeXError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v", err)
	}
	if !strings.HasPrefix(failed.First, "! No value is called no/such/value. l.") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	if read(t, tex) != broken {
		t.Error("paper.tex was changed")
	}
}

func TestBuildWithoutTeX(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Build(t.Context(), t.TempDir()); !errors.Is(err, ErrNoTeX) {
		t.Errorf("error %v", err)
	}
}

func TestBuildStopsWithItsContext(t *testing.T) {
	needTeX(t)
	dir := t.TempDir()
	if _, err := Write(dir, twins(), Options{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Build(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestBuildWithoutPaper(t *testing.T) {
	needTeX(t)
	dir := t.TempDir()
	if _, err := Build(t.Context(), dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "paper.tex")) {
		t.Errorf("error %v", err)
	}
}

func TestFirstTeXError(t *testing.T) {
	for name, c := range map[string]struct{ log, want string }{
		"none":         {"This is pdfTeX\nOutput written on paper.pdf\n", ""},
		"with line":    {"(./paper.tex\n! Undefined control sequence.\nl.42 \\foo\n          {bar}\n! Emergency stop.\n", `! Undefined control sequence. l.42 \foo`},
		"with context": {"! Missing $ inserted.\n<inserted text> \n                $\nl.7 a_\n      b\n", "! Missing $ inserted. l.7 a_"},
		"no line":      {"! Emergency stop.\n<*> paper.tex\n\n!  ==> Fatal error\n", "! Emergency stop."},
		"package":      {"\n! LaTeX Error: File `pgfplots.sty' not found.\n\nType X to quit.\nl.11 \\pgfplotsset\n                {compat=1.17}^^M\n", "! LaTeX Error: File `pgfplots.sty' not found. l.11 \\pgfplotsset"},
		"windows":      {"! Oops.\r\nl.3 x\r\n", "! Oops. l.3 x"},
	} {
		if got := firstTeXError(c.log); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestFirstErrorWithoutALog(t *testing.T) {
	none := filepath.Join(t.TempDir(), "paper.log")
	if got := firstError(none, "Latexmk: starting\nLatexmk: could not fork\n", errors.New("exit status 1")); got != "Latexmk: could not fork" {
		t.Errorf("got %q", got)
	}
	if got := firstError(none, "", errors.New("exit status 1")); got != "exit status 1" {
		t.Errorf("got %q", got)
	}
}

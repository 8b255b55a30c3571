package paper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// ErrNoTeX says that this machine cannot make a PDF. The HTML needs no TeX.
var ErrNoTeX = errors.New("latexmk or pdflatex is not installed")

// A TeXError says that LaTeX did not accept paper.tex, which stays where it is.
type TeXError struct {
	TeX   string // path of the document
	Log   string // path of LaTeX's log
	First string // the first error in the log with its line, or what latexmk said
}

func (e *TeXError) Error() string {
	return fmt.Sprintf("latex failed on %s: %s (see %s)", e.TeX, e.First, e.Log)
}

// Build makes paper.pdf of the paper.tex that Write left in dir and returns its
// path. It returns ErrNoTeX where there is no TeX, a *TeXError when LaTeX fails,
// and the context's error when that ends first.
func Build(ctx context.Context, dir string) (pdf string, err error) {
	for _, program := range []string{"latexmk", "pdflatex"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", ErrNoTeX
		}
	}
	tex := filepath.Join(dir, "paper.tex")
	if _, err := os.Stat(tex); err != nil {
		return "", fmt.Errorf("no paper to build: %w", err)
	}
	// -norc: the settings of whoever builds must not change the paper.
	cmd := exec.CommandContext(ctx, "latexmk", "-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "paper.tex")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "max_print_line=1000") // an error stays on one line of the log
	cmd.WaitDelay = 5 * time.Second                       // for a pdflatex that outlives latexmk
	output, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		log := filepath.Join(dir, "paper.log")
		return "", &TeXError{TeX: tex, Log: log, First: firstError(log, string(output), err)}
	}
	return filepath.Join(dir, "paper.pdf"), nil
}

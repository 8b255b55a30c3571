package experiments_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/paper"
	"github.com/AlarioAI/bitnet/stats"
)

// reference holds test accuracies in percent, by seed, of the same networks
// trained in the same way by PyTorch 1.13 with the layers of
// internal/parity/testdata/reference.py (alario: the reference project's own).
var reference = map[string][]float64{
	"feedforward float":  {96.89, 96.62, 96.99, 96.75, 96.88, 96.69, 96.83, 96.76, 97.02, 96.39},
	"feedforward alario": {96.29, 96.18, 96.36, 96.72, 96.28, 96.12, 96.48, 96.41, 96.31, 96.35},
	"feedforward b158":   {96.40, 96.25, 96.40, 96.55, 96.17, 96.10, 96.04, 96.29, 96.37, 96.29},
	"feedforward b1":     {96.10, 96.12, 95.95, 95.65, 95.86, 95.64, 95.97, 96.20, 95.73, 95.83},
	"lenet5 float":       {98.85, 99.03, 98.96, 98.98, 98.85},
	"lenet5 alario":      {98.47, 98.76, 98.56, 98.55, 98.53},
	"lenet5 b158":        {98.25, 98.47, 98.26, 98.16, 98.84},
	"lenet5 b1":          {98.11, 98.30, 98.27, 98.35, 98.66},
}

// The committed results of mnist-accuracy.yaml agree with PyTorch's: Welch's
// test does not reject equal means at 1 %, and they differ by less than 0.3
// points.
func TestAccuracyAgreesWithPyTorch(t *testing.T) {
	records, unfinished, err := experiment.Read("../results/mnist-accuracy")
	if err != nil {
		t.Fatal(err)
	}
	if len(unfinished) > 0 {
		t.Errorf("unfinished runs: %v", unfinished)
	}
	ours := map[string][]float64{}
	for _, r := range records {
		cell := fmt.Sprint(r.Architecture, " ", r.Recipe)
		ours[cell] = append(ours[cell], 100*r.Result.TestAccuracy)
	}
	for cell, theirs := range reference {
		if len(ours[cell]) != 10 {
			t.Errorf("%s: %d seeds, want 10", cell, len(ours[cell]))
			continue
		}
		w := stats.Welch(ours[cell], theirs, 0.99)
		difference := stats.Mean(ours[cell]) - stats.Mean(theirs)
		t.Logf("%-18s %.2f, PyTorch %.2f, p = %.3f", cell, stats.Mean(ours[cell]), stats.Mean(theirs), w.P)
		if !(w.P > 0.01) || math.Abs(difference) >= 0.3 {
			t.Errorf("%s: mean %.2f, PyTorch %.2f (p = %.4f)", cell, stats.Mean(ours[cell]), stats.Mean(theirs), w.P)
		}
	}
}

// The README's table is made of the same results.
func TestTableInReadme(t *testing.T) {
	records, _, err := experiment.Read("../results/mnist-accuracy")
	if err != nil {
		t.Fatal(err)
	}
	table, err := paper.Markdown(records)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), strings.TrimSpace(table)) {
		t.Errorf("README.md has not the table that bitnet paper --markdown results/mnist-accuracy prints:\n%s", table)
	}
}

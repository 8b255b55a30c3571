package paper

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/AlarioAI/bitnet/experiment"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// Every file that a paper consists of, against testdata/<name>. The set "many"
// keeps only the values: they show the statistics, and the rest is long.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []experiment.Record
		files   []string
	}{
		{"twins", twins(), []string{"paper.tex", "values.tex", "paper.html"}},
		{"many", many(), []string{"values.tex"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := Write(dir, c.records, Options{}); err != nil {
				t.Fatal(err)
			}
			for _, name := range c.files {
				got := read(t, filepath.Join(dir, name))
				golden := filepath.Join("testdata", c.name, name)
				if *update {
					if err := os.MkdirAll(filepath.Dir(golden), 0o777); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
						t.Fatal(err)
					}
					continue
				}
				if diff := cmp.Diff(read(t, golden), got); diff != "" {
					t.Errorf("%s changed (go test ./paper -update accepts it):\n%s", name, diff)
				}
			}
		})
	}
}

func TestTheOrderOfRecordsDoesNotMatter(t *testing.T) {
	sorted, shuffled := t.TempDir(), t.TempDir()
	records := many()
	if _, err := Write(sorted, records, Options{}); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(53, 0))
	rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	if _, err := Write(shuffled, append(records, records[0]), Options{}); err != nil { // a repeated record counts once
		t.Fatal(err)
	}
	for _, name := range []string{"paper.tex", "values.tex", "references.bib", "paper.html"} {
		if read(t, filepath.Join(sorted, name)) != read(t, filepath.Join(shuffled, name)) {
			t.Errorf("%s depends on the order of the records", name)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

package experiment

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/train"
)

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// snapshot returns the contents of all files below dir by their paths.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		all[file] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStoreOfOtherSettingsIsRefused(t *testing.T) {
	dir := t.TempDir()
	execute(t, small(), dir)
	before := snapshot(t, dir)
	change := func(f func(*Settings)) func(*Config) {
		return func(c *Config) { f(&c.Architectures[1].Settings) }
	}
	for want, change := range map[string]func(*Config){
		"epochs 2, want 3":              change(func(s *Settings) { s.Epochs = 3 }),
		"batch_size 8, want 9":          change(func(s *Settings) { s.BatchSize = 9 }),
		"learning_rate 0.01, want 0.02": change(func(s *Settings) { s.LearningRate = 0.02 }),
	} {
		c := small()
		change(c)
		c.Seeds = append(c.Seeds, 9)
		err := Execute(t.Context(), c, dir, Options{Open: openNoise})
		file := filepath.Join(dir, "runs", "noise", "lenet5", "float", "seed-0", "record.json")
		if err == nil || !strings.HasPrefix(err.Error(), file+": "+want+"; use another folder") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	other := func(s Source) (*data.Set, error) {
		set := newSet(s.Name)
		set.Test.Pixels[5] ^= 1
		return set, nil
	}
	if err := Execute(t.Context(), small(), dir, Options{Open: other}); err == nil || !strings.Contains(err.Error(), "record.json: data_sum ") {
		t.Errorf("error %v, want one about the data", err)
	}
	expectSame(t, before, snapshot(t, dir))
}

func expectSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	for file := range after {
		if _, ok := before[file]; !ok {
			t.Errorf("%s is new", file)
		}
	}
	for file, content := range before {
		if after[file] != content {
			t.Errorf("%s has changed", file)
		}
	}
}

// What was planned but not begun may change; what was begun may not.
func TestPlansMayChange(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := Options{Open: openNoise, OnStep: func(Task, train.Progress) { cancel() }}
	if err := Execute(ctx, small(), dir, stop); err == nil {
		t.Fatal("no error")
	}
	_, unfinished, err := Read(dir)
	if err != nil || len(unfinished) != 8 {
		t.Fatalf("unfinished %v, error %v", unfinished, err)
	}
	c := small()
	c.Architectures[1].Settings.Epochs = 1 // none of lenet5 has begun
	if done := execute(t, c, dir); len(done) != 8 {
		t.Errorf("did %v", done)
	}

	dir = t.TempDir()
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	if err := Execute(ctx, small(), dir, stop); err == nil {
		t.Fatal("no error")
	}
	c.Architectures[0].Settings.Epochs = 1
	if err := Execute(t.Context(), c, dir, Options{Open: openNoise}); err == nil || !strings.Contains(err.Error(), "epochs 2, want 1") {
		t.Errorf("error %v", err)
	}
}

func TestOtherVersionsAreRefused(t *testing.T) {
	for want, content := range map[string]string{
		"store.json: format 2, want 1: made by bitnet 9; use another folder, or that program": `{"format": 2, "results_version": 1, "made_by": "bitnet 9"}`,
		"store.json: results_version 0, want 7: made by bitnet 0.1":                           `{"format": 1, "results_version": 0, "made_by": "bitnet 0.1"}`,
		"store.json: damaged, or of another version: ":                                        `{"format": 1, "res`,
		"store.json: damaged, or of another version: json: unknown field":                     `{"format": 2, "shards": 4}`,
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, headerFile)
		write(t, file, content)
		if err := Execute(t.Context(), small(), dir, Options{Open: openNoise}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		expectSame(t, map[string]string{file: content}, snapshot(t, dir))
	}
}

func TestDamagedRecord(t *testing.T) {
	dir := t.TempDir()
	execute(t, small(), dir)
	file := filepath.Join(dir, "runs", "noise", "feedforward", "b158", "seed-4", recordFile)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{"", string(content[:len(content)/2]), string(content) + "{}", strings.Replace(string(content), "epochs", "Epocs", 1)} {
		write(t, file, damaged)
		if err := Execute(t.Context(), small(), dir, Options{Open: openNoise}); err == nil || !strings.HasPrefix(err.Error(), file+": damaged") {
			t.Errorf("error %v", err)
		}
		if _, _, err := Read(dir); err == nil || !strings.HasPrefix(err.Error(), file+": damaged") {
			t.Errorf("error %v", err)
		}
	}
	write(t, file, strings.Replace(string(content), `"seed": 4`, `"seed": 5`, 1))
	if err := Execute(t.Context(), small(), dir, Options{Open: openNoise}); err == nil || !strings.Contains(err.Error(), "run noise feedforward b158 seed 5, want noise feedforward b158 seed 4") {
		t.Errorf("error %v", err)
	}
}

func TestFoldersThatAreNoStores(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "letter.txt"), "x")
	if err := Execute(t.Context(), small(), dir, Options{Open: openNoise}); err == nil || err.Error() != dir+": not a store, since it has letter.txt in it but no store.json; use another folder" {
		t.Errorf("error %v", err)
	}
	file := filepath.Join(dir, "letter.txt")
	if err := Execute(t.Context(), small(), file, Options{Open: openNoise}); err == nil || !strings.HasPrefix(err.Error(), file+": cannot make this folder: ") {
		t.Errorf("error %v", err)
	}
	if _, _, err := Read(dir); err == nil || err.Error() != dir+": no store is here, since there is no store.json" {
		t.Errorf("error %v", err)
	}
}

// What a process leaves when it is killed between two writes.
func TestRestsAreSweptAway(t *testing.T) {
	dir := t.TempDir()
	execute(t, small(), dir)
	run := filepath.Join(dir, "runs", "noise", "lenet5", "b158", "seed-0")
	write(t, filepath.Join(run, checkpointFile), "x")
	write(t, filepath.Join(run, "."+recordFile+".ABC.tmp"), "x")
	write(t, filepath.Join(dir, "."+resultsFile+".ABC.tmp"), "x")
	if done := execute(t, small(), dir); len(done) != 0 {
		t.Errorf("did %v", done)
	}
	expectNoRest(t, dir)
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	s, err := openStore(dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil {
		t.Skip("this system has no locks")
	}
	if err := Execute(t.Context(), small(), dir, Options{Open: openNoise}); err == nil || err.Error() != dir+": another process is working in this folder" {
		t.Errorf("error %v", err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if s, err = openStore(dir, "test"); err != nil {
		t.Fatal(err)
	}
	s.close()
}

func TestFolderNames(t *testing.T) {
	for name, want := range map[string]string{
		"mnist": "mnist", "torchvision.models.resnet18": "torchvision.models.resnet18", "..": "%2E%2E", ".": "%2E", ".x.": "%2Ex%2E",
		"a/b": "a%2Fb", `a\b`: "a%5Cb", "50 %": "50%20%25", "é": "%C3%A9", "": "",
	} {
		if got := folderName(name); got != want {
			t.Errorf("folderName(%q) = %q, want %q", name, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		x, y := folderName(a), folderName(b)
		if (a == b) != (x == y) {
			t.Fatalf("%q and %q become %q and %q", a, b, x, y)
		}
		if a != "" && (!filepath.IsLocal(x) || filepath.Base(x) != x || x == ".") {
			t.Fatalf("%q becomes %q", a, x)
		}
	})
}

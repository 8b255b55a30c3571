package paper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fileNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteMakesTheFolderAndLeavesNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 { // the second time over the first
		p, err := Write(dir, twins(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.TeX != filepath.Join(dir, "paper.tex") || p.HTML != filepath.Join(dir, "paper.html") {
			t.Errorf("paths are %+v", p)
		}
	}
	if got := strings.Join(fileNames(t, dir), " "); got != "paper.html paper.tex references.bib values.tex" {
		t.Errorf("the folder has %s", got)
	}
}

func TestAFolderThatCannotBeMadeIsNamed(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(blocked, "paper")
	_, err := Write(dir, twins(), Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write the paper: mkdir "+blocked) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}

// A folder in the place of a file cannot be replaced by it.
func TestAFileThatCannotBeReplacedIsNamed(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "references.bib")
	if err := os.MkdirAll(filepath.Join(target, "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := Write(dir, twins(), Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write the paper: write "+target+": ") {
		t.Errorf("error %v", err)
	}
	if got := strings.Join(fileNames(t, dir), " "); got != "references.bib" {
		t.Errorf("the folder has %s", got)
	}
}

func TestAFolderWithoutPermissionIsNamed(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("root, or a system without users, may write anywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	want := "cannot write the paper: write " + filepath.Join(dir, "references.bib") + ": permission denied"
	if _, err := Write(dir, twins(), Options{}); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

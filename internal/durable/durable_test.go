package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/AlarioAI/bitnet/internal/durable"
)

func writeString(name, s string) error {
	return durable.WriteFile(name, 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	})
}

// expect fails the test unless name holds content and is alone in its directory.
func expect(t *testing.T, name, content string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content {
		t.Errorf("%s holds %q, want %q", filepath.Base(name), got, content)
	}
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.json")
	for _, content := range []string{"first", "", "second and longer", strings.Repeat("x", 1<<20)} {
		if err := writeString(name, content); err != nil {
			t.Fatal(err)
		}
		expect(t, name, content)
	}
}

func TestFailingWriterKeepsOldFile(t *testing.T) {
	full := errors.New("no space left on device")
	for _, test := range []struct {
		name  string
		write func(w io.Writer) error
	}{
		{"at once", func(io.Writer) error { return full }},
		{"after some bytes", func(w io.Writer) error {
			w.Write(make([]byte, 1<<20))
			return full
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "results.json")
			if err := writeString(name, "old"); err != nil {
				t.Fatal(err)
			}
			err := durable.WriteFile(name, 0o644, test.write)
			if !errors.Is(err, full) {
				t.Errorf("error %v, want %v", err, full)
			}
			if want := "write " + name + ": no space left on device"; err != nil && err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
			expect(t, name, "old")
		})
	}
}

func TestPanicKeepsOldFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.json")
	if err := writeString(name, "old"); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		durable.WriteFile(name, 0o644, func(io.Writer) error { panic("mistake") })
	}()
	expect(t, name, "old")
}

func TestErrorNamesTargetOnly(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing", "results.json")
	err := writeString(missing, "new")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one that says that the directory does not exist", err)
	}
	// The target is a directory: the rename fails, after everything was written.
	folder := filepath.Join(dir, "folder")
	if mkdirErr := os.MkdirAll(filepath.Join(folder, "in it"), 0o755); mkdirErr != nil {
		t.Fatal(mkdirErr)
	}
	for target, err := range map[string]error{missing: err, folder: writeString(folder, "new")} {
		if err == nil {
			t.Errorf("%s: written", target)
			continue
		}
		message := err.Error()
		if !strings.HasPrefix(message, "write "+target+": ") || strings.Contains(message, ".tmp") || strings.Contains(message, "\n") {
			t.Errorf("error %q", message)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestConcurrentWriters: readers see one writer's whole file at any time.
func TestConcurrentWriters(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be replaced on Windows")
	}
	name := filepath.Join(t.TempDir(), "results.json")
	content := func(writer int) []byte { return bytes.Repeat([]byte{'a' + byte(writer)}, 1<<17) }
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			err := durable.WriteFile(name, 0o644, func(w io.Writer) error {
				for b := range bytes.SplitSeq(content(i), nil) { // byte by byte
					if _, err := w.Write(b); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			got, err := os.ReadFile(name)
			if err != nil {
				t.Error(err)
			} else if !bytes.Equal(got, content(int(got[0]-'a'))) {
				t.Errorf("a file of %d bytes is mixed", len(got))
			}
		})
	}
	writers.Wait()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, name, string(content(int(got[0]-'a'))))
}

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "durable")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "answer.txt")
	err = durable.WriteFile(name, 0o644, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, 42)
		return err
	})
	data, _ := os.ReadFile(name)
	fmt.Printf("%s%v\n", data, err)
	// Output:
	// 42
	// <nil>
}

package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/AlarioAI/bitnet/internal/durable"
)

// folderName makes a name into one that every file system takes and that no
// other name becomes: bytes other than letters, digits and _ - . become %XX,
// and so does a dot that begins or ends the name.
func folderName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch inside := i > 0 && i < len(name)-1; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.' && inside:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// writeJSON replaces a file by the value as JSON.
func writeJSON(file string, value any) error {
	return durable.WriteFile(file, 0o666, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(value)
	})
}

// readJSON reads a file that holds one value with no key that it has no place
// for. The error is fs.ErrNotExist if there is no file.
func readJSON(file string, value any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, cause(err))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(value); err != nil {
		return fmt.Errorf("%s: damaged, or of another version: %w", file, err)
	}
	if d.More() {
		return fmt.Errorf("%s: damaged: more than one value", file)
	}
	return nil
}

// sweep removes what package durable had not finished of these files when a
// process was killed.
func sweep(dir string, files ...string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, cause(err))
	}
	for _, e := range entries {
		for _, file := range files {
			if strings.HasPrefix(e.Name(), "."+file+".") && strings.HasSuffix(e.Name(), ".tmp") {
				if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
					return fmt.Errorf("%s: cannot remove it: %w", filepath.Join(dir, e.Name()), cause(err))
				}
			}
		}
	}
	return nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// cause strips operation and path from an error of the file system, where the
// message around it names the path.
func cause(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

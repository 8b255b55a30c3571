// Package durable writes files that are either old or new, whatever happens in
// between: a reader never sees half a file, and neither does the next start
// after a crash or a full disk.
package durable

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces the file of that name by what write writes. The bytes go
// to a hidden temporary file in the same directory (.NAME.*.tmp), which is
// synced and then renamed, so that the name always stands for a whole file.
// Writes to w are buffered. The permissions are those before umask.
//
// On any failure, a panic of write included, the old file stays as it was and
// the temporary file is removed. The error names the target. Of several
// concurrent writers the last one to finish wins. (Windows refuses to replace a
// file while someone has it open: an error like any other.)
func WriteFile(name string, perm fs.FileMode, write func(w io.Writer) error) error {
	dir, base := filepath.Split(name)
	temp := filepath.Join(dir, "."+base+"."+rand.Text()+".tmp")
	err := writeTemp(temp, perm, write)
	if err == nil {
		err = os.Rename(temp, name)
		if err != nil {
			os.Remove(temp)
		}
	}
	if err == nil {
		err = syncDir(filepath.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err, temp))
	}
	return nil
}

// writeTemp leaves a complete, synced file of that name or none.
func writeTemp(name string, perm fs.FileMode, write func(w io.Writer) error) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	whole := false
	defer func() { // also when write panics
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if !whole || err != nil {
			os.Remove(name)
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	whole = true
	return nil
}

// cause strips the name of the temporary file from an error of package os:
// the user knows the target only.
func cause(err error, temp string) error {
	var path *fs.PathError
	if errors.As(err, &path) && path.Path == temp {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) && link.Old == temp {
		return link.Err
	}
	return err
}

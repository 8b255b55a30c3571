//go:build unix

package durable

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes a rename in the directory survive a power cut. File systems
// that cannot sync a directory say EINVAL or ENOTSUP: there is nothing to do.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package experiment

import (
	"fmt"
	"os"
)

// lock opens the folder; this system has no lock that ends with its owner.
func lock(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, cause(err))
	}
	return f, nil
}

//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// reportSizeLimit makes a file that exceeds the limit of its size (ulimit -f)
// an error of the write, like a full disk, instead of the end of the program.
func reportSizeLimit() { signal.Ignore(syscall.SIGXFSZ) }

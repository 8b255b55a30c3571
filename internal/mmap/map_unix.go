//go:build unix

package mmap

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps the first size bytes of a file, or returns nil.
func mapFile(file *os.File, size int64) []byte {
	if size == 0 || size > math.MaxInt {
		return nil
	}
	memory, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil
	}
	return memory
}

func unmap(memory []byte) {
	if memory != nil {
		// It fails for memory that is not mapped only.
		_ = unix.Munmap(memory)
	}
}

// sizeOf returns the present size of a file, or -1. It is File.Stat without its
// allocations.
func sizeOf(file *os.File) int64 {
	var stat unix.Stat_t
	if unix.Fstat(int(file.Fd()), &stat) != nil {
		return -1
	}
	return stat.Size
}

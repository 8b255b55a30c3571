// Package mmap reads files through the memory of the process, where the system
// can map them there.
package mmap

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

// A File is a regular file, open for reading. Several goroutines may read at a
// time.
//
// Bytes are handed out as copies only, by ReadAt: a slice of a mapping would
// crash the program, or show zeros, once another process cuts the file.
type File struct {
	file   *os.File
	size   int64
	mu     sync.RWMutex // held for reading while memory is in use
	memory []byte       // the file, or nil if it is not mapped
}

// Open opens the file of that name and maps it, if it can be mapped: an empty
// file, or one on a system without mappings, is read by system calls. It
// returns the errors of package os, and one if the file is not regular.
func Open(name string) (*File, error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	f.memory = mapFile(f.file, f.size)
	return f, nil
}

// open is Open without a mapping.
func open(name string) (*File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: expected a regular file", name)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &File{file: file, size: info.Size()}, nil
}

// Size returns how many bytes the file had when it was opened.
func (f *File) Size() int64 { return f.size }

// ReadAt implements io.ReaderAt. What it returns does not depend on whether the
// file is mapped: a file that has been cut since Open gives io.EOF where it
// ends.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.memory != nil && offset >= 0 && offset <= f.size && int64(len(p)) <= f.size-offset {
		// The pages past the new end of a file that was cut cannot be read; the
		// rest of the last one reads as zeros. So its size is asked, afterwards.
		end := offset + int64(len(p))
		if copied(p, f.memory[offset:end]) && sizeOf(f.file) >= end {
			return len(p), nil
		}
	}
	return f.file.ReadAt(p, offset)
}

// copied copies src to dst, or returns false if src cannot be read.
func copied(dst, src []byte) (ok bool) {
	// Without this the runtime would end the program at a bad page. It holds
	// for this goroutine.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if reason := recover(); reason != nil {
			if _, fault := reason.(interface{ Addr() uintptr }); !fault {
				panic(reason)
			}
		}
	}()
	return copy(dst, src) == len(src)
}

// Close unmaps and closes the file, when the reads of other goroutines have
// returned. ReadAt then returns os.ErrClosed.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	unmap(f.memory)
	f.memory = nil
	return f.file.Close()
}

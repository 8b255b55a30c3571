package mmap

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
)

// write makes a file of n bytes that differ.
func write(t testing.TB, n int) (name string, data []byte) {
	data = make([]byte, n)
	for i := range data {
		data[i] = byte(uint32(i)*0x9E3779B9>>24) | 1 // not 0, as what lies past the end
	}
	name = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return name, data
}

// both runs a test with a mapped file and with one that is not.
func both(t *testing.T, name string, test func(t *testing.T, f *File)) {
	for kind, open := range map[string]func(string) (*File, error){"mapped": Open, "not mapped": open} {
		t.Run(kind, func(t *testing.T) {
			f, err := open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			test(t, f)
		})
	}
}

func TestReadAt(t *testing.T) {
	name, data := write(t, 10_000)
	want := bytes.NewReader(data)
	both(t, name, func(t *testing.T, f *File) {
		if f.Size() != 10_000 {
			t.Errorf("size %d", f.Size())
		}
		for _, offset := range []int64{-1, 0, 1, 9_999, 10_000, 10_001} {
			for _, n := range []int{0, 1, 2, 9_999, 10_000, 10_001} {
				got, expected := make([]byte, n), make([]byte, n)
				k, err := f.ReadAt(got, offset)
				expectedK, expectedErr := want.ReadAt(expected, offset)
				if k != expectedK || !bytes.Equal(got, expected) {
					t.Errorf("ReadAt(%d bytes, %d): %d bytes, want %d", n, offset, k, expectedK)
				}
				// Package bytes gives io.EOF for no bytes past the end, os does not.
				if n > 0 && (err == nil) != (expectedErr == nil) || errors.Is(err, io.EOF) && !errors.Is(expectedErr, io.EOF) {
					t.Errorf("ReadAt(%d bytes, %d): error %v, want %v", n, offset, err, expectedErr)
				}
			}
		}
	})
}

func TestIsMapped(t *testing.T) {
	name, _ := write(t, 1)
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if mapped, unix := f.memory != nil, runtime.GOOS != "windows" && runtime.GOOS != "js"; mapped != unix {
		t.Errorf("mapped %t, want %t", mapped, unix)
	}
}

// TestFileShrinks cuts a file in the middle of a page: the rest of that page
// still reads, as zeros, and the pages after it do not.
func TestFileShrinks(t *testing.T) {
	const size, cut = 1 << 20, 1<<19 + 100
	name, data := write(t, size)
	both(t, name, func(t *testing.T, f *File) {
		if err := os.WriteFile(name, data, 0o666); err != nil { // whole again
			t.Fatal(err)
		}
		if err := os.Truncate(name, cut); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ offset, n, want int }{
			{0, cut, cut},
			{cut - 1, 1, 1},
			{cut - 1, 2, 1},          // one byte of zero
			{cut, 100, 0},            // zeros only
			{cut - 10, size / 4, 10}, // zeros, then a page that is not there
			{size - 100, 100, 0},     // a page that is not there
			{size / 4, 3 * size / 4, cut - size/4},
		} {
			got := make([]byte, tt.n)
			n, err := f.ReadAt(got, int64(tt.offset))
			if n != tt.want || !bytes.Equal(got[:n], data[tt.offset:tt.offset+n]) {
				t.Errorf("ReadAt(%d bytes, %d): %d bytes, want %d as they were", tt.n, tt.offset, n, tt.want)
			}
			if n < tt.n && !errors.Is(err, io.EOF) || n == tt.n && err != nil {
				t.Errorf("ReadAt(%d bytes, %d): error %v", tt.n, tt.offset, err)
			}
		}
	})
}

// TestClose closes a file that others read.
func TestClose(t *testing.T) {
	name, data := write(t, 1<<16)
	both(t, name, func(t *testing.T, f *File) {
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				got := make([]byte, len(data))
				for {
					n, err := f.ReadAt(got, 0)
					if err != nil {
						if !errors.Is(err, os.ErrClosed) {
							t.Error(err)
						}
						return
					}
					if n != len(data) || !bytes.Equal(got, data) {
						t.Error("the bytes differ")
						return
					}
				}
			})
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		readers.Wait()
		if err := f.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("second Close: error %v", err)
		}
	})
}

func TestEmptyFile(t *testing.T) {
	name, _ := write(t, 0)
	both(t, name, func(t *testing.T, f *File) {
		if n, err := f.ReadAt(make([]byte, 1), 0); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%d bytes, error %v", n, err)
		}
	})
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	if _, err := Open(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: error %v", err)
	}
	if _, err := Open(dir); err == nil || err.Error() != dir+": expected a regular file" {
		t.Errorf("directory: error %v", err)
	}
}

// BenchmarkReadAt compares the two ways at the length of a header, of a block
// of numbers that are converted, and of a whole layer. The file is in memory,
// as it is when it was just written or read before.
func BenchmarkReadAt(b *testing.B) {
	const size = 64 << 20
	name, _ := write(b, size)
	for _, n := range []int{32, 32 << 10, 8 << 20} {
		for kind, open := range map[string]func(string) (*File, error){"mapped": Open, "calls": open} {
			b.Run(fmt.Sprintf("kind=%s/bytes=%d", kind, n), func(b *testing.B) {
				buf := make([]byte, n)
				b.SetBytes(size)
				for b.Loop() {
					f, err := open(name)
					if err != nil {
						b.Fatal(err)
					}
					for offset := 0; offset < size; offset += max(n, 4096) {
						if _, err := f.ReadAt(buf, int64(offset)); err != nil {
							b.Fatal(err)
						}
					}
					f.Close()
				}
			})
		}
	}
}

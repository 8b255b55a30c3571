package pages

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	large  = 2 << 20 // bytes of a large page
	enough = 1 << 17 // bytes of an array that is worth asking for
)

// advise asks for large pages wherever x is on, at its ends, too: most arrays are a few
// large pages long, and their neighbours are arrays. What nobody has allocated is left
// out by the system. It is only advice, so failing is no error.
func advise[T any](x []T) {
	size := uintptr(cap(x)) * unsafe.Sizeof(*unsafe.SliceData(x))
	if size < enough {
		return
	}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(x)))
	first, end := start/large*large, (start+size+large-1)/large*large
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, first, end-first, unix.MADV_HUGEPAGE)
	runtime.KeepAlive(x)
}

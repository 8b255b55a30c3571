package kernel

// A Target says where a kernel writes its result. An ordinary store reads the
// cache line that it replaces: for an array that the caches cannot hold until it is
// read again, it pays to write past them. The values are the same.
type Target bool

// The targets. Memory is a wish: where a result does not begin with a cache line, or
// its rows do not fill such lines, it is written as always.
const (
	Caches Target = false
	Memory Target = true
)

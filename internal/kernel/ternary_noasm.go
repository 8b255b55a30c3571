//go:build !amd64 || purego

package kernel

// HasTernary reports whether GemmTernary is faster here than GemmF32.
func HasTernary() bool { return true }

func gemmTernary(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, triples int, b []uint8) {
	gemmTernaryGeneric(c, outs, n, a, rows, segs, triples, b)
}

func packTernary(dst []uint8, codes []int8, stride int) { packTernaryGeneric(dst, codes, stride) }

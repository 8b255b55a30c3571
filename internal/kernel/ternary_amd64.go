//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// HasTernary reports whether GemmTernary is faster here than GemmF32. AVX2 cannot
// look up one of so many values.
func HasTernary() bool { return cpu.Current() != cpu.AVX2 }

func gemmTernary(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, triples int, b []uint8) {
	if cpu.Current() == cpu.AVX512 {
		gemmTernaryAVX512(c, outs, n, a, rows, segs, triples, b)
	} else {
		gemmTernaryGeneric(c, outs, n, a, rows, segs, triples, b)
	}
}

func packTernary(dst []uint8, codes []int8, stride int) {
	if cpu.Current() == cpu.AVX512 {
		packTernaryAVX512(dst, codes, stride)
	} else {
		packTernaryGeneric(dst, codes, stride)
	}
}

//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

// HasBF16 reports whether kernels may multiply bfloat16 (AVX512_BF16): the
// processor can and the level is AVX512, so a lower level does without it too.
func HasBF16() bool { return cpu.X86.HasAVX512BF16 && Current() == AVX512 }

//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

// Supported returns the highest level that the processor and the operating
// system offer.
func Supported() Level {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA:
		return Generic
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VNNI:
		return AVX512
	}
	return AVX2
}

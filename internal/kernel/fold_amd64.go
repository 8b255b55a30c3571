//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// HasFold reports whether FoldRow is fast here.
func HasFold() bool { return cpu.Current() == cpu.AVX512 }

func foldRow(dst, src []float32, channels, taps, window, pad int) {
	if HasFold() {
		foldRowAVX512(dst, src, channels, taps, window, pad)
	} else {
		foldRowGeneric(dst, src, channels, taps, window, pad)
	}
}

//go:build !amd64 || purego

package kernel

// HasFold reports whether FoldRow is fast here.
func HasFold() bool { return false }

func foldRow(dst, src []float32, channels, taps, window, pad int) {
	foldRowGeneric(dst, src, channels, taps, window, pad)
}

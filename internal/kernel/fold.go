package kernel

import "fmt"

// MaxFold is the largest number of channels that FoldRow takes.
const MaxFold = 8

// FoldRow adds up what the windows of a row of pixels say of each pixel. src holds
// n windows of so many values, in each of which so many taps come first, and dst a row
// of pixels, all of so many channels. The first window begins pad pixels before the row.
// For w < len(dst)/channels,
//
//	dst[w*channels+c] = sum(k, i with i+k-pad = w) src[i*window+k*channels+c]
//
// for k < taps ascending, i < n, c < channels <= MaxFold. There are at least two taps.
// All levels agree exactly.
func FoldRow(dst, src []float32, channels, taps, window, pad int) {
	if channels < 1 || channels > MaxFold || taps < 2 || window < taps*channels || pad < 0 || len(dst)%channels != 0 || len(src)%window != 0 {
		panic(fmt.Sprintf("kernel.FoldRow: %d values from %d in windows of %d, %d pixels of %d channels, padding %d",
			len(dst), len(src), window, taps, channels, pad))
	}
	foldRow(dst, src, channels, taps, window, pad)
}

func foldRowGeneric(dst, src []float32, channels, taps, window, pad int) {
	n := len(src) / window
	for w := range len(dst) / channels {
		at := dst[w*channels:][:channels]
		clear(at)
		for k := max(0, w+pad-n+1); k <= min(taps-1, w+pad); k++ {
			part := src[(w+pad-k)*window+k*channels:]
			for c := range at {
				at[c] += part[c]
			}
		}
	}
}

package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// All levels add up what the windows would scatter, window by window from the last.
func TestFoldRow(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		srcs, dsts := newEdge[float32](t, 20*(7*MaxFold+3)), newEdge[float32](t, 30*MaxFold)
		for range 300 {
			channels, taps, n := 1+rng.IntN(MaxFold), 2+rng.IntN(6), rng.IntN(20)
			window := taps*channels + rng.IntN(4)
			pad := rng.IntN(taps + 1)
			width := max(0, n+taps-1-pad-rng.IntN(3))
			src := srcs.last(n*window, func(int) float32 { return float32(rng.NormFloat64()) })
			want := make([]float32, width*channels)
			for i := n - 1; i >= 0; i-- {
				for k := range taps {
					if w := i + k - pad; w >= 0 && w < width {
						for c := range channels {
							want[w*channels+c] += src[i*window+k*channels+c]
						}
					}
				}
			}
			dst := dsts.last(width*channels, func(int) float32 { return 99 })
			FoldRow(dst, src, channels, taps, window, pad)
			equalBits(t, fmt.Sprintf("%d windows of %d, %d pixels of %d channels, padding %d, to %d", n, window, taps, channels, pad, width), dst, want)
		}
	})
}

func BenchmarkFoldRow(b *testing.B) {
	eachLevelRate(b, "windows=10/taps=5/channels=6", "B", func() (func(), int) {
		dst, src := make([]float32, 14*6), make([]float32, 10*32)
		return func() { FoldRow(dst, src, 6, 5, 32, 0) }, 4 * (len(dst) + len(src))
	})
}

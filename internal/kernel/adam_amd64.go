//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

func adam(w, m, v, g []float32, s *AdamStep) {
	switch cpu.Current() {
	case cpu.AVX512:
		adamAVX512(w, m, v, g, s.Beta1, s.Gain1, s.Beta2, s.Gain2, s.Rate, s.RootCorrect, s.Eps)
	case cpu.AVX2:
		adamAVX2(w, m, v, g, s.Beta1, s.Gain1, s.Beta2, s.Gain2, s.Rate, s.RootCorrect, s.Eps)
	default:
		adamGeneric(w, m, v, g, s)
	}
}

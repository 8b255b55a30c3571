//go:build !amd64 || purego

package kernel

func adam(w, m, v, g []float32, s *AdamStep) { adamGeneric(w, m, v, g, s) }

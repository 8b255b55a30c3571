//go:build !amd64 || purego

package kernel

func peakF32(n int) (float32, int)  { return peakF32Generic(n) }
func peakU8S8(n int) (int32, int)   { return peakU8S8Generic(n) }
func peakBF16(n int) (float32, int) { return peakF32Generic(n) }

//go:build !amd64 || purego

package kernel

// HasBF16 reports whether bfloat16 are multiplied by the processor here. Where
// they are not, float32 kernels on rounded values are faster.
func HasBF16() bool { return false }

func roundBF16(dst, x []float32, scale float32) { roundBF16Generic(dst, x, scale) }

func pairBF16(dst []uint16, x, y []float32, a, b float32) { pairBF16Generic(dst, x, y, a, b) }

func codesBF16(dst []uint16, codes []uint8) { codesBF16Generic(dst, codes) }

func codesF32(dst []float32, codes []int8) { codesF32Generic(dst, codes) }

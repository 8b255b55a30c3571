//go:build !amd64 || purego

package kernel

func normalise(dst []float32, src []uint8, by *Normalisation) { normaliseGeneric(dst, src, by) }

func weighRows(dst, src []uint8, stride int, weights []uint32) {
	weighRowsGeneric(dst, src, stride, weights)
}

//go:build !amd64 || purego

package kernel

func sum(x []float32) float32 { return sumGeneric(x) }
func extent(x []float32, center float32) (squares float64, peak float32) {
	return extentGeneric(x, center)
}
func sumAbs(x []float32) float32 { return sumAbsGeneric(x) }
func dot(x, y []float32) float32 { return dotGeneric(x, y) }

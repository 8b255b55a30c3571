//go:build !amd64 || purego

package kernel

func sumSquares(x []float32, center float32) float32 { return sumSquaresGeneric(x, center) }
func sum(x []float32) float32                        { return sumGeneric(x) }
func absMax(x []float32, center float32) float32     { return absMaxGeneric(x, center) }
func sumAbs(x []float32) float32                     { return sumAbsGeneric(x) }
func dot(x, y []float32) float32                     { return dotGeneric(x, y) }

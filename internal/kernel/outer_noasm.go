//go:build !amd64 || purego

package kernel

// TileOuter returns the tile of OuterF32 on the current level.
func TileOuter() OuterTile { return genericOuter }

func outerF32(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int) {
	outerF32Generic(c, g, ldg, x, rows, col0, col1)
}

//go:build !amd64 || purego

package kernel

// TileOuter returns the tile of OuterF32 and OuterU8 on the current level.
func TileOuter() OuterTile { return genericOuter }

func outerF32(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int) {
	outerF32Generic(c, g, ldg, x, rows, col0, col1)
}

func outerU8(c []float32, scale float32, g []float32, ldg int, x []uint8, rows []int, col0, col1 int) {
	outerU8Generic(c, scale, g, ldg, x, rows, col0, col1)
}

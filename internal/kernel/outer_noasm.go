//go:build !amd64 || purego

package kernel

// TileOuter returns the tile of OuterF32 on the current level.
func TileOuter() OuterTile { return genericOuter }

// TileOuterBF16 returns the tile of OuterBF16 on the current level.
func TileOuterBF16() OuterTile { return genericOuter }

func outerF32(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int) {
	outerF32Generic(c, g, ldg, x, rows, col0, col1)
}

func outerBF16(c []float32, g []uint16, ldg int, x []uint16, rows []int, col0, col1 int) {
	outerBF16Generic(c, g, ldg, x, rows, col0, col1)
}

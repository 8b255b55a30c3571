//go:build !amd64 || purego

package kernel

// TileOuter returns the tile of OuterF32 on the current level.
func TileOuter() OuterTile { return genericOuter }

// TileOuterBF16 returns the tile of OuterBF16 on the current level.
func TileOuterBF16() OuterTile { return genericOuter }

func outerF32(c []float32, ldc, rows, lanes int, g, x []float32, cold bool, pixels []Pixel, cols []Column) {
	outerF32Generic(c, ldc, rows, lanes, g, x, pixels, cols)
}

func outerBF16(c []float32, ldc, lanes int, g []uint16, ldg int, x []uint16, rows []int, cols []Column) {
	outerBF16Generic(c, ldc, lanes, g, ldg, x, rows, cols)
}

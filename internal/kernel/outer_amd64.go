//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// TileOuter returns the tile of OuterF32 on the current level.
func TileOuter() OuterTile {
	switch cpu.Current() {
	case cpu.AVX512:
		return OuterTile{MR: 8, Low: 6, Lanes: 16, Narrow: 8}
	case cpu.AVX2:
		return OuterTile{MR: 4, Low: 4, Lanes: 8, Narrow: 8}
	}
	return genericOuter
}

// TileOuterBF16 returns the tile of OuterBF16 on the current level.
func TileOuterBF16() OuterTile {
	if cpu.HasBF16() {
		return TileOuter()
	}
	return genericOuter
}

func outerF32(c []float32, ldc, rows, lanes int, g, x []float32, cold bool, pixels []Pixel, cols []Column) {
	switch cpu.Current() {
	case cpu.AVX512:
		outerF32AVX512(c, ldc, rows, lanes, g, x, cold, pixels, cols)
	case cpu.AVX2:
		outerF32AVX2(c, ldc, rows, lanes, g, x, cold, pixels, cols)
	default:
		outerF32Generic(c, ldc, rows, lanes, g, x, pixels, cols)
	}
}

func outerBF16(c []float32, ldc, lanes int, g []uint16, ldg int, x []uint16, rows []int, cols []Column) {
	if cpu.HasBF16() {
		outerBF16AVX512(c, ldc, lanes, g, ldg, x, rows, cols)
	} else {
		outerBF16Generic(c, ldc, lanes, g, ldg, x, rows, cols)
	}
}

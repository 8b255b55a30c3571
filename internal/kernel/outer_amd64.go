//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// TileOuter returns the tile of OuterF32 on the current level.
func TileOuter() OuterTile {
	switch cpu.Current() {
	case cpu.AVX512:
		return OuterTile{MR: 12, Lanes: 16}
	case cpu.AVX2:
		return OuterTile{MR: 6, Lanes: 8}
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

func outerF32(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int) {
	switch cpu.Current() {
	case cpu.AVX512:
		outerF32AVX512(c, g, ldg, x, rows, col0, col1)
	case cpu.AVX2:
		outerF32AVX2(c, g, ldg, x, rows, col0, col1)
	default:
		outerF32Generic(c, g, ldg, x, rows, col0, col1)
	}
}

func outerBF16(c []float32, g []uint16, ldg int, x []uint16, rows []int, col0, col1 int) {
	if cpu.HasBF16() {
		outerBF16AVX512(c, g, ldg, x, rows, col0, col1)
	} else {
		outerBF16Generic(c, g, ldg, x, rows, col0, col1)
	}
}

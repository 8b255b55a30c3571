//go:build !purego

package kernel

import "github.com/AlarioAI/bitnet/internal/cpu"

// TileF32 returns the tile of GemmF32 on the current level.
func TileF32() Tile { return gemmTile() }

// TileU8S8 returns the tile of GemmU8S8 on the current level.
func TileU8S8() Tile { return gemmTile() }

// gemmTile returns the tile that fills the vector registers with sums: 12 of
// 16 on AVX2, 16 of 32 on AVX-512, where more rows would not fit the general
// registers.
func gemmTile() Tile {
	switch cpu.Current() {
	case cpu.AVX512:
		return Tile{MR: 8, NR: 32}
	case cpu.AVX2:
		return Tile{MR: 6, NR: 16}
	}
	return genericTile
}

func gemmF32(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, seglen int, b []float32) {
	switch cpu.Current() {
	case cpu.AVX512:
		gemmF32AVX512(c, outs, n, a, rows, segs, seglen, b)
	case cpu.AVX2:
		gemmF32AVX2(c, outs, n, a, rows, segs, seglen, b)
	default:
		gemmF32Generic(c, outs, n, a, rows, segs, seglen, b)
	}
}

func gemmU8S8(c []int32, n int, a []uint8, rows []int, segs []Segment, groups int, b []int8) {
	switch cpu.Current() {
	case cpu.AVX512:
		gemmU8S8AVX512(c, n, a, rows, segs, groups, b)
	case cpu.AVX2:
		gemmU8S8AVX2(c, n, a, rows, segs, groups, b)
	default:
		gemmU8S8Generic(c, n, a, rows, segs, groups, b)
	}
}

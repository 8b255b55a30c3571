//go:build !amd64 || purego

package kernel

// TileF32 returns the tile of GemmF32 on the current level.
func TileF32() Tile { return genericTile }

// TileU8S8 returns the tile of GemmU8S8 on the current level.
func TileU8S8() Tile { return genericTile }

func gemmF32(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, seglen int, b []float32) {
	gemmF32Generic(c, outs, n, a, rows, segs, seglen, b)
}

func gemmU8S8(c []int32, n int, a []uint8, rows []int, segs []Segment, groups int, b []int8) {
	gemmU8S8Generic(c, n, a, rows, segs, groups, b)
}

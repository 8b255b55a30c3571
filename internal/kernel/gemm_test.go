package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// A gathering is the geometry of a tile's A: where its rows and segments lie.
type gathering struct {
	rows, segs []int
	seglen     int
	size       int // of A: the last segment of some row ends here
}

// newGathering scatters rows and segments, which may overlap.
func newGathering(rng *rand.Rand, rows, segs, seglen int) gathering {
	g := gathering{rows: make([]int, rows), segs: make([]int, segs), seglen: seglen}
	for i := range g.rows {
		g.rows[i] = rng.IntN(100)
	}
	for i := range g.segs {
		g.segs[i] = rng.IntN(100)
	}
	for _, r := range g.rows {
		for _, s := range g.segs {
			g.size = max(g.size, r+s+seglen)
		}
	}
	return g
}

const maxTiles = 4

// gatherings are the shapes tested: no segments, every remainder of the loops
// over segments, some long ones, and several
// tiles in one call.
func gatherings(rng *rand.Rand, mr int) []gathering {
	var all []gathering
	for segs := range 7 {
		for seglen := 1; seglen <= 40; seglen++ {
			all = append(all, newGathering(rng, mr, segs, seglen))
		}
	}
	for _, s := range [][2]int{{1, 5000}, {3, 1536}, {70, 3}, {9, 257}} {
		all = append(all, newGathering(rng, mr, s[0], s[1]))
	}
	for tiles := 2; tiles <= maxTiles; tiles++ {
		all = append(all, newGathering(rng, tiles*mr, tiles, 9))
	}
	return all
}

func TestGemmF32(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		tile := TileF32()
		aEdge, bEdge, cEdge := newEdge[float32](t, 6000), newEdge[float32](t, 5000*tile.NR), newEdge[float32](t, maxTiles*tile.MR*tile.NR)
		for _, g := range gatherings(rng, tile.MR) {
			for _, n := range []int{tile.NR, tile.NR / 2} {
				k := len(g.segs) * g.seglen
				a := aEdge.last(g.size, func(int) float32 { return float32(rng.NormFloat64()) })
				b := bEdge.last(k*n, func(int) float32 { return float32(rng.NormFloat64()) })
				c := cEdge.last(len(g.rows)*n, func(int) float32 { return float32(math.NaN()) })
				GemmF32(c, n, a, g.rows, g.segs, g.seglen, b)
				for i := range g.rows {
					for j := range n {
						want, size := 0.0, 0.0
						for s := range g.segs {
							for k := range g.seglen {
								term := float64(a[g.rows[i]+g.segs[s]+k]) * float64(b[(s*g.seglen+k)*n+j])
								want += term
								size += math.Abs(term)
							}
						}
						if got := float64(c[i*n+j]); !(math.Abs(got-want) <= rounding(k)*size) {
							t.Fatalf("n=%d, %d segments of %d: c[%d,%d] = %g, want %g", n, len(g.segs), g.seglen, i, j, got, want)
						}
					}
				}
			}
		}
	})
}

// rounding is the relative error that a sum of k float32 products may have in
// any order, in units of the sum of their magnitudes (Higham, "Accuracy and
// Stability of Numerical Algorithms", section 3.1).
func rounding(k int) float64 {
	const u = 1.0 / (1 << 24)
	return float64(k) * u / (1 - float64(k)*u)
}

func TestGemmU8S8(t *testing.T) {
	for _, data := range []struct {
		name       string
		activation func(rng *rand.Rand) uint8
		weight     func(rng *rand.Rand) int8
	}{
		{"random", func(rng *rand.Rand) uint8 { return uint8(rng.Uint32()) }, func(rng *rand.Rand) int8 { return int8(rng.IntN(3) - 1) }},
		{"most", func(*rand.Rand) uint8 { return 255 }, func(*rand.Rand) int8 { return +1 }},
		{"least", func(*rand.Rand) uint8 { return 255 }, func(*rand.Rand) int8 { return -1 }},
	} {
		t.Run(data.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(3, 4))
				tile := TileU8S8()
				aEdge, bEdge, cEdge := newEdge[uint8](t, 6000), newEdge[int8](t, 5000*tile.NR), newEdge[int32](t, maxTiles*tile.MR*tile.NR)
				for _, g := range gatherings(rng, tile.MR) {
					groups := (g.seglen + 3) / 4
					size := g.size - g.seglen + 4*groups
					for _, n := range []int{tile.NR, tile.NR / 2} {
						a := aEdge.last(size, func(int) uint8 { return data.activation(rng) })
						b := bEdge.last(len(g.segs)*groups*4*n, func(int) int8 { return data.weight(rng) })
						c := cEdge.last(len(g.rows)*n, func(int) int32 { return -77 })
						GemmU8S8(c, n, a, g.rows, g.segs, groups, b)
						for i := range g.rows {
							for j := range n {
								want := int32(0)
								for s := range g.segs {
									for k := range 4 * groups {
										want += int32(a[g.rows[i]+g.segs[s]+k]) * int32(b[((s*groups+k/4)*n+j)*4+k%4])
									}
								}
								if got := c[i*n+j]; got != want {
									t.Fatalf("n=%d, %d segments of %d groups: c[%d,%d] = %d, want %d", n, len(g.segs), groups, i, j, got, want)
								}
							}
						}
					}
				}
			})
		})
	}
}

// gemmBenchmarks are the first layer of LeNet-5 (5x5 on one channel), and 3x3
// on 32, 64 and 256 channels, with full tiles and with narrow ones.
var gemmBenchmarks = func() (all []gemmBenchmark) {
	for _, width := range []string{"full", "half"} {
		for _, s := range [][2]int{{5, 5}, {3, 96}, {3, 192}, {3, 768}} {
			all = append(all, gemmBenchmark{width, s[0], s[1]})
		}
	}
	return all
}()

type gemmBenchmark struct {
	width        string
	segs, seglen int
}

func (m gemmBenchmark) name() string {
	return fmt.Sprintf("width=%s/k=%d", m.width, m.segs*m.seglen)
}

func (m gemmBenchmark) columns(t Tile) int {
	if m.width == "half" {
		return t.NR / 2
	}
	return t.NR
}

func BenchmarkGemmF32(b *testing.B) {
	for _, m := range gemmBenchmarks {
		eachLevelRate(b, m.name(), "FLOP", func() (func(), int) {
			t := TileF32()
			n, k := m.columns(t), m.segs*m.seglen
			x, w, c := make([]float32, t.MR*k), make([]float32, k*n), make([]float32, t.MR*n)
			rows, segs := evenly(t.MR, k), evenly(m.segs, m.seglen)
			return func() { GemmF32(c, n, x, rows, segs, m.seglen, w) }, 2 * t.MR * n * k
		})
	}
}

func BenchmarkGemmU8S8(b *testing.B) {
	for _, m := range gemmBenchmarks {
		eachLevelRate(b, m.name(), "OP", func() (func(), int) {
			t := TileU8S8()
			groups := (m.seglen + 3) / 4
			n, k := m.columns(t), m.segs*groups*4
			x, w, c := make([]uint8, t.MR*k), make([]int8, k*n), make([]int32, t.MR*n)
			rows, segs := evenly(t.MR, k), evenly(m.segs, 4*groups)
			return func() { GemmU8S8(c, n, x, rows, segs, groups, w) }, 2 * t.MR * n * m.segs * m.seglen
		})
	}
}

// evenly returns n offsets with a step between them.
func evenly(n, step int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i * step
	}
	return at
}

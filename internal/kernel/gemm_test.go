package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A gathering is the geometry of a tile's A: where its rows and segments lie.
type gathering struct {
	rows, segs []int // offsets in A
	skip       []int // segments of B that lie before each and are left out
	seglen     int
}

// newGathering scatters rows and segments, which may overlap.
func newGathering(rng *rand.Rand, rows, segs, seglen int) gathering {
	g := gathering{rows: make([]int, rows), segs: make([]int, segs), skip: make([]int, segs), seglen: seglen}
	for i := range g.rows {
		g.rows[i] = rng.IntN(100)
	}
	for i := range g.segs {
		g.segs[i] = rng.IntN(100)
		if seglen <= 300 {
			g.skip[i] = rng.IntN(2)
		}
	}
	return g
}

// segments returns the segments, where a step of B is so many values of A, and
// how many steps B has and how long A is: the last segment of some row ends there.
func (g gathering) segments(step int) (segs []Segment, steps, size int) {
	length := (g.seglen + step - 1) / step
	for i, a := range g.segs {
		steps += g.skip[i] * length
		segs = append(segs, Segment{A: a, B: steps})
		steps += length
		for _, r := range g.rows {
			size = max(size, r+a+length*step)
		}
	}
	return segs, steps, size
}

const maxTiles = 4

// A product's rows lie one behind the other, or scattered over twice the memory.
type resultRows struct {
	outs []int
	n    int
	c    []float32
}

// eachResult calls f with room for rows of n columns of both kinds in memory of twice
// the size. What f leaves between the rows must be what was there.
func eachResult(t *testing.T, rng *rand.Rand, e edge[float32], rows, n int, f func(r resultRows)) {
	t.Helper()
	nan := func(int) float32 { return float32(math.NaN()) }
	f(resultRows{nil, n, e.last(rows*n, nan)})
	r := resultRows{rng.Perm(2 * rows)[:rows], n, e.last(2*rows*n, nan)}
	used := make([]bool, 2*rows)
	for i, at := range r.outs {
		used[at] = true
		r.outs[i] = at * n
	}
	f(r)
	for i, v := range r.c {
		if !used[i/n] && v == v {
			t.Fatalf("%d rows of %d: wrote %g between the rows", rows, n, v)
		}
	}
}

// at returns what row i has in column j.
func (r resultRows) at(i, j int) float32 { return r.c[rowAt(r.outs, i, r.n)+j] }

// widths returns all widths of tiles.
func widths(t Tile) []int {
	var all []int
	for n := 1; n <= t.NR; n++ {
		if t.Width(n) == n {
			all = append(all, n)
		}
	}
	return all
}

func TestWidth(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		tile := TileF32()
		for n := 1; n <= tile.NR; n++ {
			if w := tile.Width(n); w < n || w > 8 && w/2 >= n || !slices.Contains(widths(tile), w) {
				t.Errorf("a width of %d for %d columns", w, n)
			}
		}
	})
}

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
		aEdge, bEdge, cEdge := newEdge[float32](t, 6000), newEdge[float32](t, 5000*tile.NR), newEdge[float32](t, 2*maxTiles*tile.MR*tile.NR)
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		for _, g := range gatherings(rng, tile.MR) {
			segs, k, size := g.segments(1)
			for _, n := range widths(tile) {
				a, b := aEdge.last(size, normal), bEdge.last(k*n, normal)
				eachResult(t, rng, cEdge, len(g.rows), n, func(r resultRows) {
					GemmF32(r.c, r.outs, n, a, g.rows, segs, g.seglen, b)
					for i := range g.rows {
						for j := range n {
							want, size := 0.0, 0.0
							for _, s := range segs {
								for k := range g.seglen {
									term := float64(a[g.rows[i]+s.A+k]) * float64(b[(s.B+k)*n+j])
									want += term
									size += math.Abs(term)
								}
							}
							if got := float64(r.at(i, j)); !(math.Abs(got-want) <= rounding(k)*size) {
								t.Fatalf("n=%d, %d segments of %d: c[%d,%d] = %g, want %g", n, len(g.segs), g.seglen, i, j, got, want)
							}
						}
					}
				})
			}
		}
	})
}

// The portable form has the bits of the plain loops: each sum is taken in the order
// of the segments.
func TestGemmF32Order(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	onGeneric(func() {
		for _, g := range gatherings(rng, TileF32().MR) {
			segs, k, size := g.segments(1)
			for _, n := range widths(TileF32()) {
				a, b := coarse(rng, size), coarse(rng, k*n)
				got, want := make([]float32, len(g.rows)*n), make([]float32, len(g.rows)*n)
				GemmF32(got, nil, n, a, g.rows, segs, g.seglen, b)
				for i, row := range g.rows {
					for _, s := range segs {
						for k, v := range a[row+s.A:][:g.seglen] {
							for j, w := range b[(s.B+k)*n:][:n] {
								want[i*n+j] += v * w
							}
						}
					}
				}
				equalBits(t, fmt.Sprintf("n=%d, %d segments of %d", n, len(segs), g.seglen), got, want)
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
					segs, steps, size := g.segments(4)
					for _, n := range widths(tile) {
						a := aEdge.last(size, func(int) uint8 { return data.activation(rng) })
						b := bEdge.last(4*steps*n, func(int) int8 { return data.weight(rng) })
						c := cEdge.last(len(g.rows)*n, func(int) int32 { return -77 })
						GemmU8S8(c, n, a, g.rows, segs, groups, b)
						for i := range g.rows {
							for j := range n {
								want := int32(0)
								for _, s := range segs {
									for k := range 4 * groups {
										want += int32(a[g.rows[i]+s.A+k]) * int32(b[((s.B+k/4)*n+j)*4+k%4])
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
	for _, width := range []string{"full", "half", "least"} {
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
	switch m.width {
	case "half":
		return t.Width(t.NR / 2)
	case "least":
		return t.Width(1)
	}
	return t.NR
}

func BenchmarkGemmF32(b *testing.B) {
	for _, m := range gemmBenchmarks {
		eachLevelRate(b, m.name(), "FLOP", func() (func(), int) {
			t := TileF32()
			n, k := m.columns(t), m.segs*m.seglen
			x, w, c := make([]float32, t.MR*k), make([]float32, k*n), make([]float32, t.MR*n)
			rows, segs := evenly(t.MR, k), adjacent(m.segs, m.seglen, 1)
			return func() { GemmF32(c, nil, n, x, rows, segs, m.seglen, w) }, 2 * t.MR * n * k
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
			rows, segs := evenly(t.MR, k), adjacent(m.segs, groups, 4)
			return func() { GemmU8S8(c, n, x, rows, segs, groups, w) }, 2 * t.MR * n * m.segs * m.seglen
		})
	}
}

// adjacent returns n segments of so many steps one after the other.
func adjacent(n, steps, values int) []Segment {
	segs := make([]Segment, n)
	for i := range segs {
		segs[i] = Segment{A: i * steps * values, B: i * steps}
	}
	return segs
}

// evenly returns n offsets with a step between them.
func evenly(n, step int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i * step
	}
	return at
}

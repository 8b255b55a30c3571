package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func ternaryCode(rng *rand.Rand) int8 { return int8(rng.IntN(3) - 1) }

// packedTernary returns a panel of codes in rows of n, and the codes.
func packedTernary(rng *rand.Rand, e edge[uint8], steps, n int) (panel []uint8, codes []int8) {
	const tail = Lookups - 1
	codes = make([]int8, TernaryDepth*steps*n)
	for i := range codes {
		codes[i] = ternaryCode(rng)
	}
	panel = e.last(Lookups*n*steps+tail, func(int) uint8 { return uint8(rng.Uint32()) })
	panel = panel[:len(panel)-tail]
	for s := range steps {
		PackTernary(panel[Lookups*n*s:][:Lookups*n], codes[TernaryDepth*n*s:], n)
	}
	return panel, codes
}

// Every level has the bits of the definition, taken from the codes themselves.
func TestGemmTernary(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		tile := TileTernary()
		const longest = 2400
		aEdge, bEdge, cEdge := newEdge[float32](t, longest), newEdge[uint8](t, Lookups*tile.NR*longest/TernaryDepth), newEdge[float32](t, 2*maxTiles*tile.MR*tile.NR)
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		for _, g := range gatherings(rng, tile.MR) {
			g.seglen = min(g.seglen, longest/2/max(1, len(g.segs)))
			segs, steps, _ := g.segments(TernaryDepth)
			triples := (g.seglen + Triple - 1) / Triple
			size := 0
			for _, s := range segs {
				for _, r := range g.rows {
					size = max(size, r+s.A+Triple*triples)
				}
			}
			for _, n := range widths(tile) {
				a := aEdge.last(size, normal)
				b, codes := packedTernary(rng, bEdge, steps, n)
				eachResult(t, rng, cEdge, len(g.rows), n, func(r resultRows) {
					GemmTernary(r.c, r.outs, n, a, g.rows, segs, triples, b)
					for i := range g.rows {
						for j := range n {
							want := float32(0)
							for _, s := range segs {
								for k := 0; k < Triple*triples; k += Triple {
									x, w := a[g.rows[i]+s.A+k:], func(q int) float32 { return float32(codes[(TernaryDepth*s.B+k+q)*n+j]) }
									want += w(0)*x[0] + w(1)*x[1] + w(2)*x[2]
								}
							}
							if got := r.at(i, j); got != want {
								t.Fatalf("n=%d, %d segments of %d: c[%d,%d] = %g, want exactly %g", n, len(g.segs), g.seglen, i, j, got, want)
							}
						}
					}
				})
			}
		}
	})
}

// Where the weights are zero, a value of any size counts for nothing, but what is
// not finite shows.
func TestGemmTernaryOddities(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		tile := TileTernary()
		n := tile.Width(1)
		x := make([]float32, TernaryDepth)
		rows := make([]int, tile.MR)
		b, codes := make([]uint8, Lookups*n+Lookups-1), make([]int8, TernaryDepth*n)
		codes[0], codes[n] = 1, -1 // of column 0
		b = b[:Lookups*n]
		PackTernary(b, codes, n)
		for _, tt := range []struct{ x0, x1, x2, want float32 }{
			{3, 1, math.MaxFloat32, 2},
			{math.MaxFloat32, -math.MaxFloat32, 1, float32(math.Inf(1))},
			{1, 2, float32(math.Inf(-1)), float32(math.NaN())},
			{float32(math.Inf(1)), 2, 0, float32(math.Inf(1))},
			{math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 0, 2 * math.SmallestNonzeroFloat32},
		} {
			copy(x, []float32{tt.x0, tt.x1, tt.x2})
			c := make([]float32, tile.MR*n)
			GemmTernary(c, nil, n, x, rows, []Segment{{}}, 1, b)
			equalBits(t, "column 0", c[:1], []float32{tt.want})
		}
	})
}

// The table has every sum where the index of its weights says.
func TestIndicesOfSums(t *testing.T) {
	var sums [2 * opposite]float32
	sumsOf(&sums, 1, 10, 100)
	seen := map[uint8]bool{}
	for w0 := int8(-1); w0 <= 1; w0++ {
		for w1 := int8(-1); w1 <= 1; w1++ {
			for w2 := int8(-1); w2 <= 1; w2++ {
				i := indexOf(w0, w1, w2)
				if want := float32(w0) + 10*float32(w1) + 100*float32(w2); sums[i] != want || seen[i] {
					t.Errorf("weights %d, %d, %d have index %d, where the table has %g", w0, w1, w2, i, sums[i])
				}
				seen[i] = true
			}
		}
	}
}

// All levels agree with the portable form, for every number of columns.
func TestPackTernary(t *testing.T) {
	const most = 150
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		codesEdge, dstEdge := newEdge[int8](t, (TernaryDepth-1)*2*most+most), newEdge[uint8](t, Lookups*most)
		want := make([]uint8, Lookups*most)
		for n := range most {
			for _, stride := range []int{n, n + 7, 2 * most} {
				codes := codesEdge.last((TernaryDepth-1)*stride+n, func(int) int8 { return ternaryCode(rng) })
				dst := dstEdge.last(Lookups*n, func(int) uint8 { return 0xaa })
				PackTernary(dst, codes, stride)
				packTernaryGeneric(want[:len(dst)], codes, stride)
				if !slices.Equal(dst, want[:len(dst)]) {
					t.Fatalf("%d columns with a stride of %d: %x, want %x", n, stride, dst, want[:len(dst)])
				}
			}
		}
	})
}

func BenchmarkGemmTernary(b *testing.B) {
	for _, m := range gemmBenchmarks {
		eachLevelRate(b, m.name(), "FLOP", func() (func(), int) {
			t := TileTernary()
			steps := (m.seglen + TernaryDepth - 1) / TernaryDepth
			triples := (m.seglen + Triple - 1) / Triple
			n := m.columns(t)
			x, c := make([]float32, t.MR*m.segs*steps*TernaryDepth), make([]float32, t.MR*n)
			w := make([]uint8, Lookups*m.segs*steps*n, Lookups*(m.segs*steps*n+1))
			rows, segs := evenly(t.MR, m.segs*steps*TernaryDepth), adjacent(m.segs, steps, TernaryDepth)
			return func() { GemmTernary(c, nil, n, x, rows, segs, triples, w) }, 2 * t.MR * n * m.segs * m.seglen
		})
	}
}

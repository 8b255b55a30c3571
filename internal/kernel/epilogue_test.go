package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A storeTest is the geometry of a tile and of the output it goes to.
type storeTest struct {
	rows, n, ldc int
	outs         []int
	size         int // of the output: the last row ends it
}

func (s storeTest) String() string {
	return fmt.Sprintf("%d rows of %d in %d", s.rows, s.n, s.ldc)
}

// tileSize returns the length of c, whose last row ends with column n.
func (s storeTest) tileSize() int { return max(0, (s.rows-1)*s.ldc+s.n) }

// storeTests are all widths up to more than that of the level's tile, with
// rows scattered over the output in any order.
func storeTests(rng *rand.Rand) []storeTest {
	var all []storeTest
	tile := TileF32()
	for n := 1; n <= tile.NR+2; n++ {
		for rows := range tile.MR + 1 {
			s := storeTest{rows: rows, n: n, ldc: n + rng.IntN(3), outs: make([]int, rows)}
			for i, p := range rng.Perm(rows) {
				s.outs[i] = p*(n+3) + rng.IntN(4)
				s.size = max(s.size, s.outs[i]+n)
			}
			all = append(all, s)
		}
	}
	return all
}

const storeEdge = 9 * 40 // values, more than any storeTest has

// check compares the output with what each element of it should be, in every
// bit, and the gaps between the rows with what was there before.
func (s storeTest) check(t *testing.T, dst []float32, want func(i, j int) float32) {
	t.Helper()
	all := make([]float32, s.size)
	for i := range all {
		all[i] = marginValue
	}
	for i, o := range s.outs {
		for j := range s.n {
			all[o+j] = want(i, j)
		}
	}
	equalBits(t, s.String(), dst, all)
}

func TestStoreF32(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		outs, tiles, biases := newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge)
		odd := func(int) float32 { return oddities(rng, 1)[0] }
		for _, s := range storeTests(rng) {
			for _, bias := range [][]float32{nil, biases.last(s.n, odd)} {
				c := tiles.last(s.tileSize(), odd)
				dst := outs.last(s.size, func(int) float32 { return marginValue })
				StoreF32(dst, s.outs, c, s.ldc, s.n, bias)
				s.check(t, dst, func(i, j int) float32 {
					if bias == nil {
						return c[i*s.ldc+j]
					}
					return c[i*s.ldc+j] + bias[j]
				})
			}
		}
	})
}

func TestStoreI32(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		outs, biases, scales := newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge)
		tiles, offsets := newEdge[int32](t, storeEdge), newEdge[int32](t, storeEdge)
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		sum := func(int) int32 { return int32(rng.Uint32()) >> (1 + rng.IntN(31)) }
		for _, s := range storeTests(rng) {
			for _, bias := range [][]float32{nil, biases.last(s.n, normal)} {
				c, offset, scale := tiles.last(s.tileSize(), sum), offsets.last(s.n, sum), scales.last(s.rows, normal)
				dst := outs.last(s.size, func(int) float32 { return marginValue })
				StoreI32(dst, s.outs, c, s.ldc, s.n, offset, scale, bias)
				s.check(t, dst, func(i, j int) float32 {
					// The product is exact in float64, so that it is rounded once.
					v := float32(float64(float32(c[i*s.ldc+j]-offset[j])) * float64(scale[i]))
					if bias == nil {
						return v
					}
					return float32(float64(v) + float64(bias[j]))
				})
			}
		}
	})
}

func TestFinishRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		outs, others := newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge)
		scales, shifts := newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge)
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		for _, s := range storeTests(rng) {
			for _, floor := range []float32{0, float32(math.NaN())} {
				ceil := []float32{1.5, float32(math.NaN())}[rng.IntN(2)]
				for _, other := range [][]float32{nil, others.last(s.size, normal)} {
					scale, shift := scales.last(s.n, normal), shifts.last(s.n, normal)
					dst := outs.last(s.size, func(int) float32 { return marginValue })
					for _, o := range s.outs {
						for j := range s.n {
							dst[o+j] = oddities(rng, 1)[0]
						}
					}
					old := slices.Clone(dst)
					FinishRows(dst, s.outs, s.n, scale, shift, other, floor, ceil)
					s.check(t, dst, func(i, j int) float32 {
						at := s.outs[i] + j
						v := float32(float64(old[at]) * float64(scale[j]))
						v = float32(float64(v) + float64(shift[j]))
						if other != nil {
							v = float32(float64(v) + float64(other[at]))
						}
						switch {
						case v < floor:
							return floor
						case v > ceil:
							return ceil
						}
						return v
					})
				}
			}
		}
	})
}

func TestMeasureRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		rows, centers := newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge)
		sums, squares := newEdge[float32](t, storeEdge), newEdge[float32](t, storeEdge)
		normal := func(int) float32 { return 1 + float32(rng.NormFloat64()) }
		for _, s := range storeTests(rng) {
			x, center := rows.last(s.size, normal), centers.last(s.n, normal)
			sum, square := sums.last(s.n, normal), squares.last(s.n, normal)
			wantSum, wantSquare := slices.Clone(sum), slices.Clone(square)
			MeasureRows(sum, square, x, s.outs, s.n, center)
			for j := range s.n {
				a, b := float64(wantSum[j]), float64(wantSquare[j])
				sizeA, sizeB := math.Abs(a), math.Abs(b)
				for _, o := range s.outs {
					d := float64(x[o+j]) - float64(center[j])
					a, b = a+d, b+d*d
					sizeA, sizeB = sizeA+math.Abs(d), sizeB+d*d
				}
				close := float64(s.rows+3) * 0x1p-24
				if math.Abs(float64(sum[j])-a) > close*sizeA || math.Abs(float64(square[j])-b) > close*sizeB {
					t.Fatalf("%v, column %d: sum %v of squares %v, want %v and %v", s, j, sum[j], square[j], a, b)
				}
			}
		}
	})
}

// storeBenchmarks are the widths measured: 6 and 10 columns are those of
// LeNet-5 and of its classifier.
var storeBenchmarks = []int{6, 8, 10, 16}

func BenchmarkStoreF32(b *testing.B) {
	for _, n := range storeBenchmarks {
		eachLevelRate(b, fmt.Sprintf("n=%d", n), "val", func() (func(), int) {
			t := TileF32()
			outs, dst, bias := evenly(t.MR, n), make([]float32, t.MR*n), make([]float32, n)
			c := make([]float32, t.MR*t.NR)
			return func() { StoreF32(dst, outs, c, t.NR, n, bias) }, t.MR * n
		})
	}
}

func BenchmarkStoreI32(b *testing.B) {
	for _, n := range storeBenchmarks {
		eachLevelRate(b, fmt.Sprintf("n=%d", n), "val", func() (func(), int) {
			t := TileU8S8()
			outs, dst, bias := evenly(t.MR, n), make([]float32, t.MR*n), make([]float32, n)
			c, offset, scale := make([]int32, t.MR*t.NR), make([]int32, n), make([]float32, t.MR)
			return func() { StoreI32(dst, outs, c, t.NR, n, offset, scale, bias) }, t.MR * n
		})
	}
}

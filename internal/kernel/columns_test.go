package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A columnsTest is a kernel on matrices m and on vectors v with a value for
// each column. Matrix 0 is the result, or else the first vectors are sums.
type columnsTest struct {
	name    string
	mats    int
	vecs    int
	run     func(m, v [][]float32, l limits)
	sums    []term
	inPlace []int // matrices that may be matrix 0
}

// A term is what a kernel adds to a sum for the value with index i, in column j.
type term func(m, v [][]float32, l limits, i, j int) float64

// limits are those of ScaleShift.
type limits struct{ low, high float32 }

// inside reports whether the gradient passes at a value.
func (l limits) inside(v float32) bool { return !(v <= l.low) && !(v >= l.high) }

// scaled is matrix 1 by vectors 2 and 3, as ScaleShift computes it.
func scaled(m, v [][]float32, i, j int) float32 { return float32(m[1][i]*v[2][j]) + v[3][j] }

// around is a value of matrix 1 less the last vector.
func around(m, v [][]float32, i, j int) float64 {
	return float64(m[1][i]) - float64(v[len(v)-1][j])
}

var columnsTests = []columnsTest{
	{
		name: "ColumnSums", mats: 1, vecs: 1,
		run: func(m, v [][]float32, _ limits) { ColumnSums(v[0], m[0]) },
		sums: []term{
			func(m, _ [][]float32, _ limits, i, _ int) float64 { return float64(m[0][i]) },
		},
	},
	{
		name: "ColumnSquares", mats: 1, vecs: 2,
		run: func(m, v [][]float32, _ limits) { ColumnSquares(v[0], m[0], v[1]) },
		sums: []term{
			func(m, v [][]float32, _ limits, i, j int) float64 {
				d := float64(m[0][i]) - float64(v[1][j])
				return d * d
			},
		},
	},
	{
		name: "ColumnDots", mats: 2, vecs: 3,
		run: func(m, v [][]float32, _ limits) { ColumnDots(v[0], v[1], m[0], m[1], v[2]) },
		sums: []term{
			func(m, _ [][]float32, _ limits, i, _ int) float64 { return float64(m[0][i]) },
			func(m, v [][]float32, _ limits, i, j int) float64 { return float64(m[0][i]) * around(m, v, i, j) },
		},
	},
	{
		name: "ColumnGrad", mats: 3, vecs: 3, inPlace: []int{1},
		run: func(m, v [][]float32, _ limits) { ColumnGrad(m[0], m[1], m[2], v[0], v[1], v[2]) },
	},
	{
		name: "ScaleShift", mats: 2, vecs: 2, inPlace: []int{1},
		run: func(m, v [][]float32, l limits) { ScaleShift(m[0], m[1], v[0], v[1], l.low, l.high, Caches) },
	},
	{
		name: "ScaleShiftAdd", mats: 3, vecs: 4, inPlace: []int{1, 2},
		run: func(m, v [][]float32, l limits) {
			ScaleShiftAdd(m[0], m[1], v[0], v[1], m[2], v[2], v[3], l.low, Caches)
		},
	},
	{
		name: "ScaleShiftSums", mats: 2, vecs: 5,
		run: func(m, v [][]float32, l limits) {
			ScaleShiftSums(v[0], v[1], m[0], m[1], v[2], v[3], v[4], l.low, l.high)
		},
		sums: []term{
			func(m, v [][]float32, l limits, i, j int) float64 {
				if l.inside(scaled(m, v, i, j)) {
					return float64(m[0][i])
				}
				return 0
			},
			func(m, v [][]float32, l limits, i, j int) float64 {
				if l.inside(scaled(m, v, i, j)) {
					return float64(m[0][i]) * around(m, v, i, j)
				}
				return 0
			},
		},
	},
	{
		name: "ScaleShiftGrad", mats: 3, vecs: 5, inPlace: []int{1},
		run: func(m, v [][]float32, l limits) {
			ScaleShiftGrad(m[0], m[1], m[2], v[0], v[1], v[2], v[3], v[4], l.low, l.high)
		},
	},
}

func TestColumns(t *testing.T) {
	widths := []int{128, 512}
	for cols := 1; cols <= 70; cols++ {
		widths = append(widths, cols)
	}
	none := float32(math.NaN())
	ranges := []limits{{0, none}, {0, 6}, {0.5, 0.75}, {none, none}, {float32(math.Inf(-1)), float32(math.Inf(1))}}
	const rows = 21
	for _, c := range columnsTests {
		t.Run(c.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(5, 6))
				pool := normals(rng, 4*512*rows)
				if c.sums == nil {
					pool = oddities(rng, len(pool))
				}
				mats, vecs := newArena(t, c.mats, 512*rows), newArena(t, c.vecs, 512)
				for _, cols := range widths {
					for rows := range rows {
						l := ranges[rng.IntN(len(ranges))]
						c.check(t, mats, vecs, rng, pool, rows, cols, 0, l)
						for _, same := range c.inPlace {
							c.check(t, mats, vecs, rng, pool, rows, cols, same, l)
						}
					}
				}
			})
		})
	}
}

// check compares one call, on values from the pool, with the portable level
// or with the sums in float64. Matrix same is also matrix 0.
func (c *columnsTest) check(t *testing.T, mats, vecs arena, rng *rand.Rand, pool []float32, rows, cols, same int, l limits) {
	t.Helper()
	fill := func(count, n int, a arena) (got, want [][]float32) {
		for i := range count {
			want = append(want, slices.Clone(pool[rng.IntN(len(pool)-n):][:n]))
			got = append(got, a.place(i, want[i]))
		}
		return
	}
	gotM, wantM := fill(c.mats, rows*cols, mats)
	gotV, wantV := fill(c.vecs, cols, vecs)
	gotM[0], wantM[0] = gotM[same], wantM[same]

	c.run(gotM, gotV, l)
	what := fmt.Sprintf("%d rows of %d, limits %v", rows, cols, l)
	for s, term := range c.sums {
		for j := range cols {
			sum := float64(wantV[s][j])
			size := math.Abs(sum)
			for i := j; i < rows*cols; i += cols {
				v := term(wantM, wantV, l, i, j)
				sum += v
				size += math.Abs(v)
			}
			if limit := float64(rows+3) * 0x1p-24 * size; !(math.Abs(float64(gotV[s][j])-sum) <= limit) {
				t.Fatalf("%s: sum %d of column %d is %v, want %v within %v", what, s, j, gotV[s][j], sum, limit)
			}
		}
	}
	onGeneric(func() { c.run(wantM, wantV, l) })
	for i := range wantM {
		equalBits(t, fmt.Sprintf("%s: matrix %d", what, i), gotM[i], wantM[i])
		mats.check(t, i, rows*cols)
	}
	for i := range wantV {
		if i >= len(c.sums) {
			equalBits(t, fmt.Sprintf("%s: vector %d", what, i), gotV[i], wantV[i])
		}
		vecs.check(t, i, cols)
	}
}

// TestScaleShiftGradsSeeNaN: the gradient passes where the output is a NaN,
// and stops at the limits.
func TestScaleShiftGradsSeeNaN(t *testing.T) {
	const cols = 80
	x, g, zeros := make([]float32, cols), make([]float32, cols), make([]float32, cols)
	for j := range x {
		x[j] = []float32{float32(math.NaN()), 0.5, 0.25, float32(math.Inf(-1)), 2, float32(math.Inf(1))}[j%6]
		g[j] = float32(j + 1)
	}
	want := make([]float32, cols)
	for j := range want {
		if j%6 < 2 {
			want[j] = g[j]
		}
	}
	ones := make([]float32, cols)
	for j := range ones {
		ones[j] = 1
	}
	eachLevel(t, func(t *testing.T) {
		sums, dots, dx := make([]float32, cols), make([]float32, cols), make([]float32, cols)
		ScaleShiftSums(sums, dots, g, x, ones, zeros, zeros, 0.25, 2)
		equalBits(t, "sum", sums, want)
		ScaleShiftGrad(dx, g, x, ones, zeros, ones, zeros, zeros, 0.25, 2)
		for j, v := range x {
			if !isNaN(v) && !math.IsInf(float64(v), 0) && dx[j] != want[j] {
				t.Errorf("dx at %v is %v, want %v", v, dx[j], want[j])
			}
		}
	})
}

// ReLUSums writes what ReLUGrad writes, and adds what ColumnDots adds.
func TestReLUSums(t *testing.T) {
	const rows = 5
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		mats, vecs := newArena(t, 4, 512*rows), newArena(t, 3, 512)
		for _, cols := range []int{1, 7, 8, 16, 24, 48, 64, 72, 128, 512} {
			for _, inPlace := range []bool{false, true} {
				n := rows * cols
				g, x, y, center := normals(rng, n), normals(rng, n), oddities(rng, n), normals(rng, cols)
				want, sums, dots := make([]float32, n), make([]float32, cols), make([]float32, cols)
				gotSums, gotDots := vecs.place(0, sums), vecs.place(1, dots)
				ReLUGrad(want, g, y)
				ColumnDots(sums, dots, want, x, center)
				dy := mats.place(1, g)
				d := mats.place(0, want)
				clear(d)
				if inPlace {
					d = dy
				}
				ReLUSums(d, gotSums, gotDots, dy, mats.place(2, x), mats.place(3, y), vecs.place(2, center))
				equalBits(t, fmt.Sprintf("d of %d columns", cols), d, want)
				equalBits(t, fmt.Sprintf("sums of %d columns", cols), gotSums, sums)
				equalBits(t, fmt.Sprintf("dots of %d columns", cols), gotDots, dots)
				mats.check(t, 0, n)
				vecs.check(t, 0, cols)
				vecs.check(t, 1, cols)
			}
		}
	})
}

func TestColumnsRefuseShapes(t *testing.T) {
	for _, c := range columnsTests {
		for short := range c.mats + c.vecs {
			m, v := make([][]float32, c.mats), make([][]float32, c.vecs)
			for i := range m {
				m[i] = make([]float32, 3*16)
			}
			for i := range v {
				v[i] = make([]float32, 16)
			}
			if short < c.mats {
				m[short] = m[short][1:]
			} else {
				v[short-c.mats] = v[short-c.mats][1:]
			}
			if !panics(func() { c.run(m, v, limits{}) }) {
				t.Errorf("%s: no panic with array %d too short", c.name, short)
			}
		}
	}
}

func BenchmarkColumns(b *testing.B) {
	const size = 8 << 10
	for _, c := range columnsTests {
		b.Run("kernel="+c.name, func(b *testing.B) {
			eachLevelBench(b, func(b *testing.B) {
				for _, cols := range []int{16, 24, 48, 64, 512} {
					b.Run(fmt.Sprintf("cols=%d", cols), func(b *testing.B) {
						m, v := make([][]float32, c.mats), make([][]float32, c.vecs)
						for i := range m {
							m[i] = make([]float32, size/cols*cols)
						}
						for i := range v {
							v[i] = make([]float32, cols)
						}
						b.SetBytes(int64(4 * len(m[0]) * c.mats))
						for b.Loop() {
							c.run(m, v, limits{0, 6})
						}
					})
				}
			})
		})
	}
}

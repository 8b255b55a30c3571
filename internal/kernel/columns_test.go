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
	run     func(m, v [][]float32, floor float32)
	sums    []term
	inPlace []int // matrices that may be matrix 0
}

// A term is what a kernel adds to a sum for the value with index i, in column j.
type term func(m, v [][]float32, floor float32, i, j int) float64

var columnsTests = []columnsTest{
	{
		name: "ColumnSums", mats: 1, vecs: 1,
		run: func(m, v [][]float32, _ float32) { ColumnSums(v[0], m[0]) },
		sums: []term{
			func(m, _ [][]float32, _ float32, i, _ int) float64 { return float64(m[0][i]) },
		},
	},
	{
		name: "ColumnSquares", mats: 1, vecs: 2,
		run: func(m, v [][]float32, _ float32) { ColumnSquares(v[0], m[0], v[1]) },
		sums: []term{
			func(m, v [][]float32, _ float32, i, j int) float64 {
				d := float64(m[0][i]) - float64(v[1][j])
				return d * d
			},
		},
	},
	{
		name: "ScaleShift", mats: 2, vecs: 2, inPlace: []int{1},
		run: func(m, v [][]float32, floor float32) { ScaleShift(m[0], m[1], v[0], v[1], floor) },
	},
	{
		name: "ScaleShiftSums", mats: 3, vecs: 3,
		run: func(m, v [][]float32, floor float32) {
			ScaleShiftSums(v[0], v[1], m[0], m[1], m[2], v[2], floor)
		},
		sums: []term{
			func(m, _ [][]float32, floor float32, i, _ int) float64 {
				if m[2][i] > floor {
					return float64(m[0][i])
				}
				return 0
			},
			func(m, v [][]float32, floor float32, i, j int) float64 {
				if m[2][i] > floor {
					return float64(m[0][i]) * (float64(m[1][i]) - float64(v[2][j]))
				}
				return 0
			},
		},
	},
	{
		name: "ScaleShiftGrad", mats: 4, vecs: 3, inPlace: []int{1},
		run: func(m, v [][]float32, floor float32) {
			ScaleShiftGrad(m[0], m[1], m[2], m[3], v[0], v[1], v[2], floor)
		},
	},
}

func TestColumns(t *testing.T) {
	widths := []int{128, 512}
	for cols := 1; cols <= 70; cols++ {
		widths = append(widths, cols)
	}
	floors := []float32{0, 0.5, float32(math.Inf(-1))}
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
						floor := floors[rng.IntN(len(floors))]
						c.check(t, mats, vecs, rng, pool, rows, cols, 0, floor)
						for _, same := range c.inPlace {
							c.check(t, mats, vecs, rng, pool, rows, cols, same, floor)
						}
					}
				}
			})
		})
	}
}

// check compares one call, on values from the pool, with the portable level
// or with the sums in float64. Matrix same is also matrix 0.
func (c *columnsTest) check(t *testing.T, mats, vecs arena, rng *rand.Rand, pool []float32, rows, cols, same int, floor float32) {
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

	c.run(gotM, gotV, floor)
	what := fmt.Sprintf("%d rows of %d, floor %v", rows, cols, floor)
	for s, term := range c.sums {
		for j := range cols {
			sum := float64(wantV[s][j])
			size := math.Abs(sum)
			for i := j; i < rows*cols; i += cols {
				v := term(wantM, wantV, floor, i, j)
				sum += v
				size += math.Abs(v)
			}
			if limit := float64(rows+3) * 0x1p-24 * size; !(math.Abs(float64(gotV[s][j])-sum) <= limit) {
				t.Fatalf("%s: sum %d of column %d is %v, want %v within %v", what, s, j, gotV[s][j], sum, limit)
			}
		}
	}
	onGeneric(func() { c.run(wantM, wantV, floor) })
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
// and stops at the floor.
func TestScaleShiftGradsSeeNaN(t *testing.T) {
	const cols = 80
	y, g, zeros := make([]float32, cols), make([]float32, cols), make([]float32, cols)
	for j := range y {
		y[j] = []float32{float32(math.NaN()), 0.5, 0.25, float32(math.Inf(-1))}[j%4]
		g[j] = float32(j + 1)
	}
	want := make([]float32, cols)
	for j := range want {
		if j%4 < 2 {
			want[j] = g[j]
		}
	}
	ones := make([]float32, cols)
	for j := range ones {
		ones[j] = 1
	}
	eachLevel(t, func(t *testing.T) {
		sums, dots, dx := make([]float32, cols), make([]float32, cols), make([]float32, cols)
		ScaleShiftSums(sums, dots, g, ones, y, zeros, 0.25)
		ScaleShiftGrad(dx, g, ones, y, ones, zeros, zeros, 0.25)
		equalBits(t, "sum", sums, want)
		equalBits(t, "dot", dots, want)
		equalBits(t, "dx", dx, want)
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
			if !panics(func() { c.run(m, v, 0) }) {
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
							c.run(m, v, 0)
						}
					})
				}
			})
		})
	}
}

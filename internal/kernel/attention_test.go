package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestAttentionMaps(t *testing.T) {
	for _, m := range []mapTest{
		{"Scale", func(a [][]float32) { Scale(a[0], -1.7, a[1]) }, 2, []int{1}},
	} {
		t.Run(m.name, func(t *testing.T) { m.checkLengths(t, 300) })
	}
}

// checkLengths compares the kernel with the portable level for all lengths up to
// most, on all levels.
func (m *mapTest) checkLengths(t *testing.T, most int) {
	eachLevel(t, func(t *testing.T) {
		arena, rng := newArena(t, m.arrays, most), rand.New(rand.NewPCG(1, 2))
		for n := range most {
			m.check(t, arena, rng, n, 0)
			for _, same := range m.inPlace {
				m.check(t, arena, rng, n, same)
			}
		}
	})
}

func TestTranspose(t *testing.T) {
	const most, a = 35, 0.7
	sizes := []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 24, 32, most}
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		arena := newArena(t, 2, most*(most+9))
		for _, rows := range sizes {
			for _, cols := range sizes {
				for _, extra := range []int{0, 1, 9} {
					lds, ldd := cols+extra, rows+extra
					src := arena.place(0, oddities(rng, max(0, rows*lds-extra)))
					old := normals(rng, max(0, cols*ldd-extra))
					dst := arena.place(1, old)
					want := slices.Clone(old)
					for i := range rows {
						for j := range cols {
							want[j*ldd+i] = a * src[i*lds+j]
						}
					}
					Transpose(dst, ldd, src, lds, rows, cols, a)
					equalBits(t, fmt.Sprintf("%d rows and %d columns, strides %d and %d", rows, cols, lds, ldd), dst, want)
					arena.check(t, 1, len(dst))
				}
			}
		}
	})
}

func TestTransposeCodes(t *testing.T) {
	const most = 35
	sizes := []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 24, 32, most}
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		from, to := newEdge[int8](t, 4*most*(most+9)), newEdge[int8](t, 4*most*(most+9))
		code := func(int) int8 { return int8(rng.IntN(3) - 1) }
		for _, rows := range sizes {
			for _, cols := range sizes {
				for _, extra := range []int{0, 1, 9} {
					lds, ldd := cols+extra, rows+extra
					src, dst := from.last(4*max(0, rows*lds-extra), code), to.last(4*max(0, cols*ldd-extra), code)
					want := slices.Clone(dst)
					for i := range rows {
						for j := range cols {
							for q := range 4 {
								want[(j*ldd+i)*4+q] = src[(i*lds+j)*4+q]
							}
						}
					}
					if TransposeCodes(dst, ldd, src, lds, rows, cols); !slices.Equal(dst, want) {
						t.Fatalf("%d rows and %d columns, strides %d and %d: wrong", rows, cols, lds, ldd)
					}
				}
			}
		}
	})
}

func TestTransposeRefusesShapes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for name, call := range map[string]func(){
			"dst":      func() { Transpose(make([]float32, 7*8+7), 8, make([]float32, 64), 8, 8, 8, 1) },
			"src":      func() { Transpose(make([]float32, 64), 8, make([]float32, 7*8+7), 8, 8, 8, 1) },
			"ldd":      func() { Transpose(make([]float32, 99), 7, make([]float32, 64), 8, 8, 8, 1) },
			"lds":      func() { Transpose(make([]float32, 99), 8, make([]float32, 64), 7, 8, 8, 1) },
			"negative": func() { Transpose(make([]float32, 99), 8, make([]float32, 64), 8, -8, 8, 1) },
		} {
			if !panics(call) {
				t.Errorf("%s: no panic", name)
			}
		}
	})
}

func BenchmarkTranspose(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		const rows, cols, stride = 197, 64, 768
		src, dst := make([]float32, rows*stride), make([]float32, cols*32)
		b.SetBytes(2 * 4 * rows * cols)
		for b.Loop() {
			for i := 0; i < rows; i += 32 {
				Transpose(dst, 32, src[i*stride:], stride, min(32, rows-i), cols, 1)
			}
		}
	})
}

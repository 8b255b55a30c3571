package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// All levels agree with the portable form, for every number of columns and for
// numbers of every kind.
func TestColumnPeaks(t *testing.T) {
	const most = 150
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		a := newArena(t, 2, 5*most)
		for cols := 1; cols < most; cols++ {
			for rows := range 5 {
				x, dst := a.place(0, oddities(rng, rows*cols)), a.place(1, make([]float32, cols))
				want := make([]float32, cols)
				for i, v := range x {
					if m := abs32(v * 3); m > want[i%cols] || isNaN(m) {
						want[i%cols] = m
					}
				}
				for i, v := range x { // a NaN stays
					if isNaN(v) {
						want[i%cols] = v
					}
				}
				ColumnPeaks(dst, x, 3)
				equalBits(t, "peaks", dst, want)
				a.check(t, 1, cols)
			}
		}
	})
}

func abs32(v float32) float32 { return float32(math.Abs(float64(v))) }

// The digits are those of the nearest whole number, and nothing else is written.
func TestDigitsU8(t *testing.T) {
	const most = 70
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		xEdge, dstEdge, inverseEdge := newEdge[float32](t, 4*most), newEdge[uint8](t, Quad*Digits*(most+3)), newEdge[float32](t, most)
		for n := range most {
			ld := n + rng.IntN(3)
			inverse := inverseEdge.last(n, func(int) float32 { return rng.Float32() + 0.5 })
			x := xEdge.last(4*n, func(i int) float32 {
				largest := float32(MostDigits) / inverse[i%n]
				switch rng.IntN(4) {
				case 0:
					return largest
				case 1:
					return -largest
				}
				return largest * (2*rng.Float32() - 1)
			})
			rows, factors := [4]int{0, 3 * n, n, 2 * n}, [4]float32{1, 0.25, 0, -1}
			dst := dstEdge.last(Quad*((Digits-1)*ld+n), func(int) uint8 { return 0xaa })
			DigitsU8(dst, ld, x, &rows, &factors, inverse)
			for p, row := range rows {
				for o := range n {
					got := -zeroDigits
					for d := range Digits {
						got += int(dst[Quad*(d*ld+o)+p]) << (8 * d)
					}
					v := float32(x[row+o] * factors[p])
					if want := int(math.RoundToEven(float64(v * inverse[o]))); got != want {
						t.Fatalf("n=%d: pixel %d of channel %d is %d, want %d", n, p, o, got, want)
					}
				}
			}
			for i, v := range dst {
				if i/Quad%max(1, ld) >= n && v != 0xaa {
					t.Fatalf("n=%d: wrote between the digits", n)
				}
			}
		}
	})
}

func TestPackQuads(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		lanes := TileDigits().Lanes
		xEdge, dstEdge := newEdge[uint8](t, 300), newEdge[uint8](t, 12*3*lanes)
		for quads := range 4 {
			for n := 1; n <= MaxOuterCols; n++ {
				x := xEdge.last(300, func(int) uint8 { return uint8(rng.Uint32()) })
				rows, cols := make([]int, quads*Quad), make([]Column, n)
				for i := range rows {
					rows[i] = rng.IntN(200)
				}
				for h := range cols {
					cols[h].X = rng.IntN(300 - 200 - lanes + 1)
				}
				dst := dstEdge.last(len(rows)*n*lanes, func(int) uint8 { return 0xaa })
				zeros, sums := make([]int32, n*lanes), make([]int32, n*lanes)
				PackQuads(dst, zeros, x, rows, cols)
				for i, got := range dst {
					sums[i/Quad%(n*lanes)] += 128 * int32(int8(got))
					p, j, h, q := i%Quad, i/Quad%lanes, i/Quad/lanes%n, i/Quad/lanes/n
					if want := int(x[rows[4*q+p]+cols[h].X+j]) - 128; int(int8(got)) != want {
						t.Fatalf("%d columns: code %d of column %d in pixel %d is %d, want %d", n, j, h, 4*q+p, int8(got), want)
					}
				}
				if !slices.Equal(zeros, sums) {
					t.Fatalf("%d columns, %d quads: zeros %d, want %d", n, quads, zeros, sums)
				}
			}
		}
	})
}

// The sums are exact: whatever the digits, the result has the bits of the definition
// with 64-bit sums.
func TestOuterDigits(t *testing.T) {
	for _, data := range []struct {
		name        string
		digit, code func(rng *rand.Rand) uint8
	}{
		{"random", func(rng *rand.Rand) uint8 { return uint8(rng.Uint32()) }, func(rng *rand.Rand) uint8 { return uint8(rng.Uint32()) }},
		{"most", func(*rand.Rand) uint8 { return 255 }, func(*rand.Rand) uint8 { return 127 }},
		{"least", func(*rand.Rand) uint8 { return 255 }, func(*rand.Rand) uint8 { return 128 }},
		{"negative", func(*rand.Rand) uint8 { return 0 }, func(*rand.Rand) uint8 { return 128 }},
	} {
		t.Run(data.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(7, 8))
				tile := TileDigits()
				const ldg, ldc = 13, 80
				gEdge, xEdge := newEdge[uint8](t, MaxDigitPixels*Digits*ldg), newEdge[uint8](t, MaxDigitPixels*MaxOuterCols*tile.Lanes)
				for _, quads := range []int{0, 1, 2, 3, 7, MaxDigitPixels / Quad} {
					for n := 1; n <= MaxOuterCols; n++ {
						size := 0
						if quads > 0 {
							size = Quad * ((Digits*quads-1)*ldg + tile.MR)
						}
						g := gEdge.last(size, func(int) uint8 { return data.digit(rng) })
						x := xEdge.last(quads*Quad*n*tile.Lanes, func(int) uint8 { return data.code(rng) })
						cols, scale := inOrder(tile.Lanes, n), normals(rng, tile.MR)
						slices.Reverse(cols)
						zeros := make([]int32, n*tile.Lanes)
						for i, code := range x {
							zeros[i/Quad%len(zeros)] += 128 * int32(int8(code))
						}
						c := normals(rng, tile.MR*ldc)
						want := slices.Clone(c)
						for i := range tile.MR {
							for h, col := range cols {
								for j := range tile.Lanes {
									at := &want[i*ldc+col.C+j]
									for d, worth := range []float32{65536, 256, 1} {
										sum := int64(0)
										for q := range quads {
											for p := range Quad {
												digit := int64(g[((3*q+2-d)*ldg+i)*Quad+p])
												if d == 0 {
													digit -= 128
												}
												sum += digit * int64(int8(x[((q*n+h)*tile.Lanes+j)*Quad+p]))
											}
										}
										*at += float32(float32(sum) * (scale[i] * worth))
									}
								}
							}
						}
						OuterDigits(c, ldc, g, ldg, x, zeros, cols, scale)
						equalBits(t, "sums", c, want)
					}
				}
			})
		})
	}
}

func BenchmarkOuterDigits(b *testing.B) {
	eachOuterRate(b, TileDigits, func(t OuterTile, pixels, cols, lanes int) func() {
		g, x := make([]uint8, Digits*pixels*t.MR), make([]uint8, pixels*cols*t.Lanes)
		c, zeros, scale := make([]float32, t.MR*cols*lanes), make([]int32, cols*t.Lanes), make([]float32, t.MR)
		return func() { OuterDigits(c, cols*lanes, g, t.MR, x, zeros, inOrder(lanes, cols), scale) }
	})
}

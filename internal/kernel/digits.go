package kernel

import (
	"fmt"
	"math"
)

// Weight gradients of activation codes in integers. A channel of the output gradient,
// times the scales of the samples' codes, becomes whole numbers g of 24 bits, which
// a float32 has too, in units of 1/MostDigits of its largest magnitude. They are cut
// into digits of 8 bits,
//
//	g + 1<<23 = u2<<16 + u1<<8 + u0
//
// whose products with codes the processor adds up four at a time, exactly. The three
// sums take three quarters of the time of one in float32, which rounds at every pixel.

const (
	Digits = 3 // of a gradient
	Quad   = 4 // pixels whose digits, and whose codes, lie side by side

	zeroDigits = 1 << 23

	// MostDigits is the number that stands for a channel's largest magnitude. It
	// leaves room for what its factors are off by.
	MostDigits = zeroDigits - 4

	// MaxDigitPixels is how many pixels OuterDigits adds up at most. The sums are
	// exact as float32, too.
	MaxDigitPixels = 512
)

// TileDigits returns the tile of OuterDigits, on all levels.
func TileDigits() OuterTile { return OuterTile{MR: 8, Low: 8, Lanes: 16, Narrow: 16} }

// ColumnPeaks computes the largest magnitude in each column of x, scaled, and in dst:
//
//	dst[j] = max(dst[j], max(i) |scale*x[i*len(dst)+j]|)
//
// A NaN is larger than any number. dst is not negative. All levels agree exactly,
// here and below.
func ColumnPeaks(dst, x []float32, scale float32) {
	wholeRows("ColumnPeaks", x, len(dst))
	columnPeaks(dst, x, scale)
}

func columnPeaksGeneric(dst, x []float32, scale float32) {
	const magnitude = 1<<31 - 1
	for i, v := range x {
		j := i % len(dst)
		dst[j] = math.Float32frombits(max(math.Float32bits(dst[j]), math.Float32bits(v*scale)&magnitude))
	}
}

// DigitsU8 writes the digits of a quad of pixels, whose gradients begin at x[rows[p]]:
// with n = len(inverse) and o < n,
//
//	g = round(x[rows[p]+o]*factors[p]*inverse[o])
//	dst[4*(d*ld+o)+p] = digit d of g
//
// for d < 3 and p < 4. Halves are rounded to even. |g| is at most MostDigits, or a
// little more, or the digits are any.
func DigitsU8(dst []uint8, ld int, x []float32, rows *[4]int, factors *[4]float32, inverse []float32) {
	n := len(inverse)
	if ld < n || len(dst) < Quad*((Digits-1)*ld+n) || !within(len(x), rows[:], n) {
		panic(fmt.Sprintf("kernel.DigitsU8: %d digits of %d channels with a stride of %d, from %d values", len(dst), n, ld, len(x)))
	}
	digitsU8(dst, ld, x, rows, factors, inverse)
}

func digitsU8Generic(dst []uint8, ld int, x []float32, rows *[4]int, factors *[4]float32, inverse []float32) {
	for p, row := range rows {
		for o, v := range x[row:][:len(inverse)] {
			g := wholeOf(float32(v*factors[p])*inverse[o]) + zeroDigits
			for d := range Digits {
				dst[Quad*(d*ld+o)+p] = uint8(g >> (8 * d))
			}
		}
	}
}

// wholeOf returns the nearest int32, halves to even, and the least where there is
// none.
func wholeOf(v float32) int32 {
	r := math.RoundToEven(float64(v))
	if !(math.Abs(r) < 1<<31) {
		return math.MinInt32
	}
	return int32(r)
}

// PackQuads packs the codes that the pixels of quads see, for OuterDigits. The rows
// are the pixels' windows, a multiple of four of them; with H = len(cols), q the
// quads, h < H, j < 16 and p < 4,
//
//	dst[((q*H+h)*16+j)*4+p] = x[rows[4*q+p]+cols[h].X+j] - 128
//	zeros[h*16+j] = 128 * sum(q, p) dst[((q*H+h)*16+j)*4+p]
//
// as signed bytes, where x holds codes as QuantiseU8 stores them. H is at most
// MaxOuterCols. That rows and columns stay within x is up to the caller.
func PackQuads(dst []uint8, zeros []int32, x []uint8, rows []int, cols []Column) {
	lanes := len(cols) * TileDigits().Lanes
	if len(rows)%Quad != 0 || len(cols) == 0 || len(cols) > MaxOuterCols || len(dst) != len(rows)*lanes || len(zeros) < lanes {
		panic(fmt.Sprintf("kernel.PackQuads: %d codes of %d pixels in %d columns, %d zeros", len(dst), len(rows), len(cols), len(zeros)))
	}
	packQuads(dst, zeros, x, rows, cols)
}

func packQuadsGeneric(dst []uint8, zeros []int32, x []uint8, rows []int, cols []Column) {
	lanes := TileDigits().Lanes
	clear(zeros[:len(cols)*lanes])
	for i, row := range rows {
		q, p := i/Quad, i%Quad
		for h, col := range cols {
			for j, code := range x[row+col.X:][:lanes] {
				dst[((q*len(cols)+h)*lanes+j)*Quad+p] = code ^ 1<<7
				zeros[h*lanes+j] += (int32(code) - 128) * (zeroDigits >> 16)
			}
		}
	}
}

// OuterDigits adds the outer products of gradients and codes to a tile. Both come
// in quads, as DigitsU8 and PackQuads write them, g with 3*ldg channels in a quad.
// With H = len(cols), from 1 to MaxOuterCols, and S(d) the exact sum of the
// products with digit d, those with the zero of the highest digit, 128, taken off,
//
//	S(d) = sum(q, p) g[((3*q+d)*ldg+i)*4+p] * x[((q*H+h)*16+j)*4+p] - (d=2: zeros[h*16+j])
//	c[i*ldc+cols[h].C+j] += S(2)*(scale[i]*65536), S(1)*(scale[i]*256), S(0)*scale[i]
//
// one after the other, for i < 8, h < H, j < 16. The columns' sums do not overlap.
func OuterDigits(c []float32, ldc int, g []uint8, ldg int, x []uint8, zeros []int32, cols []Column, scale []float32) {
	t := TileDigits()
	step := len(cols) * t.Lanes * Quad
	if !t.holds(len(c), ldc, t.MR, t.Lanes, cols) || len(scale) < t.MR || ldg < t.MR || len(x)%step != 0 || len(x)/step > MaxDigitPixels/Quad ||
		len(zeros) < len(cols)*t.Lanes || len(x) > 0 && len(g) < Quad*((Digits*(len(x)/step)-1)*ldg+t.MR) {
		panic(fmt.Sprintf("kernel.OuterDigits: %d values of c in rows of %d for %d columns, %d digits in rows of %d for %d codes, %d zeros, %d scales",
			len(c), ldc, len(cols), len(g), ldg, len(x), len(zeros), len(scale)))
	}
	outerDigits(c, ldc, g, ldg, x, zeros, cols, scale)
}

func outerDigitsGeneric(c []float32, ldc int, g []uint8, ldg int, x []uint8, zeros []int32, cols []Column, scale []float32) {
	t := TileDigits()
	step := len(cols) * t.Lanes * Quad
	for d := Digits - 1; d >= 0; d-- {
		for i := range t.MR {
			for h, col := range cols {
				for j := range t.Lanes {
					sum := int32(0)
					if d == Digits-1 {
						sum -= zeros[h*t.Lanes+j]
					}
					for q := range len(x) / step {
						for p := range Quad {
							sum += int32(g[((Digits*q+d)*ldg+i)*Quad+p]) * int32(int8(x[q*step+(h*t.Lanes+j)*Quad+p]))
						}
					}
					at := &c[i*ldc+col.C+j]
					*at += float32(float32(sum) * (scale[i] * float32(int32(1)<<(8*d))))
				}
			}
		}
	}
}

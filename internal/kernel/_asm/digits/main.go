// Command digits writes weight gradients by digits of eight bits.
package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../digits_amd64.s -stubs ../../digits_stubs_amd64.go -pkg kernel

// As package kernel knows them: digits of a gradient, pixels of a quad, output
// channels and vectors of a tile, and the zero among 24-bit numbers.
const (
	digits  = 3
	quad    = 4
	mr      = 8
	maxCols = 3
	zero    = 1 << 23
)

func main() {
	ConstraintExpr("!purego")
	columnPeaks()
	digitsU8()
	packQuads()
	outerDigits()
	Generate()
}

// columnPeaks compares magnitudes as integers, among which a NaN is the greatest.
func columnPeaks() {
	f := vec.AVX512.Begin("columnPeaks", "(dst, x []float32, scale float32)", "computes dst[j] = max(dst[j], |scale*x[i*len(dst)+j]|).")
	dst, x, left, cols := vec.Base("dst"), vec.Base("x"), vec.Len("x"), vec.Len("dst")
	scale, magnitude := f.Broadcast("scale"), f.Splat(0x7fff_ffff)
	loop, done := f.Label("row"), f.Label("done")
	Label(loop)
	SUBQ(cols, left)
	JL(LabelRef(done))
	n := GP64()
	MOVQ(cols, n)
	f.Each(n, 4, func(p vec.Piece) {
		v := p.Load(x)
		VMULPS(scale, v, v)
		VPANDD(magnitude, v, v)
		VPMAXUD(p.Load(dst), v, v)
		p.Store(v, dst)
	})
	LEAQ(Mem{Base: x, Index: cols, Scale: 4}, x)
	JMP(LabelRef(loop))
	Label(done)
	f.End()
}

// digitsU8 has the numbers of a quad's pixels in four vectors and makes three
// vectors of their bytes.
func digitsU8() {
	f := vec.AVX512.Begin("digitsU8", "(dst []uint8, ld int, x []float32, rows []int, factors, inverse []float32)",
		"writes the digits of round(x[rows[p]+o]*factors[p]*inverse[o]).")
	dst, ld, inverse, n := vec.Base("dst"), Load(Param("ld"), GP64()), vec.Base("inverse"), vec.Len("inverse")
	x, rows, factors := vec.Base("x"), vec.Base("rows"), vec.Base("factors")
	var at [quad]reg.GPVirtual
	var factor [quad]reg.VecVirtual
	for i := range quad {
		at[i], factor[i] = GP64(), f.New()
		MOVQ(Mem{Base: rows, Disp: 8 * i}, at[i])
		LEAQ(Mem{Base: x, Index: at[i], Scale: 4}, at[i])
		VBROADCASTSS(Mem{Base: factors, Disp: 4 * i}, factor[i])
	}
	var to [digits]reg.GPVirtual
	for d := range to {
		to[d] = GP64()
		MOVQ(dst, to[d])
		if d > 0 {
			LEAQ(Mem{Base: to[d-1], Index: ld, Scale: 4}, to[d])
		}
	}
	offset, low := f.Splat(zero), f.Splat(0xff)
	f.Each(n, 1, func(p vec.Piece) {
		var bytes [digits]reg.VecVirtual
		for i := range quad {
			v := p.Load(at[i])
			VMULPS(factor[i], v, v)
			VMULPS(p.Load(inverse), v, v)
			VCVTPS2DQ(v, v)
			VPADDD(offset, v, v)
			for d := range bytes {
				b := f.New()
				if d == 0 {
					VMOVDQA32(v, b)
				} else {
					VPSRLD(Imm(uint64(8*d)), v, b)
				}
				VPANDD(low, b, b)
				if i == 0 {
					bytes[d] = b
					continue
				}
				VPSLLD(Imm(uint64(8*i)), b, b)
				VPORD(b, bytes[d], bytes[d])
			}
		}
		for d, v := range bytes {
			p.Store(v, to[d])
		}
	})
	f.End()
}

// packQuads brings the bytes of four rows together: first words of four bytes, by
// their place, then the bytes in them. The highest bit, which is turned over, makes
// of a code with 128 added a signed byte; alone it is 128 as an unsigned one.
func packQuads() {
	f := vec.AVX512.Begin("packQuads", "(dst []uint8, zeros []int32, x []uint8, rows []int, cols []struct{ C, X int })",
		fmt.Sprintf("packs up to %d vectors of 16 codes of four rows.", maxCols))
	words := GLOBL("quadWords", attr.RODATA|attr.NOPTR)
	for i := range 16 {
		DATA(4*i, U32(uint32(i%quad*quad+i/quad)))
	}
	bytes := GLOBL("quadBytes", attr.RODATA|attr.NOPTR)
	for i := range 64 {
		DATA(i, U8(uint8(i%quad*quad+i/quad%quad)))
	}
	eachWidth(f, func(n int) {
		wordsOf, bytesOf, sign := f.New(), f.New(), f.Splat(0x80808080)
		VMOVDQU32(words, wordsOf)
		VMOVDQU32(bytes, bytesOf)
		dst, x, cols := vec.Base("dst"), vec.Base("x"), vec.Base("cols")
		row, left := vec.Base("rows"), vec.Len("rows")
		zeros := f.Zeros(n)
		var of [maxCols]reg.GPVirtual
		for h := range n {
			of[h] = GP64()
			MOVQ(Mem{Base: cols, Disp: 16*h + 8}, of[h])
			ADDQ(x, of[h])
		}
		loop, done := f.Label("quad"), f.Label("done")
		Label(loop)
		SUBQ(Imm(quad), left)
		JL(LabelRef(done))
		var at [quad]reg.GPVirtual
		for i := range at {
			at[i] = GP64()
			MOVQ(Mem{Base: row, Disp: 8 * i}, at[i])
		}
		for h := range n {
			v := f.New()
			VMOVDQU(Mem{Base: of[h], Index: at[0], Scale: 1}, v.AsX())
			for i := 1; i < quad; i++ {
				VINSERTI32X4(Imm(uint64(i)), Mem{Base: of[h], Index: at[i], Scale: 1}, v, v)
			}
			VPERMD(v, wordsOf, v)
			VPSHUFB(bytesOf, v, v)
			VPXORD(sign, v, v)
			VMOVDQU32(v, Mem{Base: dst, Disp: 64 * h})
			VPDPBUSD(v, sign, zeros[h])
		}
		ADDQ(Imm(8*quad), row)
		ADDQ(U32(uint32(64*n)), dst)
		JMP(LabelRef(loop))
		Label(done)
		to := vec.Base("zeros")
		for h, v := range zeros {
			VMOVDQU32(v, Mem{Base: to, Disp: 64 * h})
		}
	})
}

// eachWidth writes the function for each number of vectors.
func eachWidth(f *vec.Func, write func(n int)) {
	widths := []int{maxCols, 2, 1}
	f.Cases(vec.Len("cols"), widths, func(i int) {
		write(widths[i])
		f.End()
	})
}

// outerDigits goes over the pixels once for each digit, the highest first. The
// numbers have a zero of 1<<23, which is 128 in the highest digit: so many times the
// sum of the codes is taken off there. The tile's part of c is sent for while its sums
// are made.
func outerDigits() {
	f := vec.AVX512.Begin("outerDigits", "(c []float32, ldc int, g []uint8, ldg int, x []uint8, zeros []int32, cols []struct{ C, X int }, scale []float32)",
		fmt.Sprintf("computes %d output channels of up to %d vectors.", mr, maxCols))
	eachWidth(f, func(n int) {
		vec.EachOfTile(mr, n, func(_, _ int, c Mem) { PREFETCHT0(c) })
		for d := digits - 1; d >= 0; d-- {
			outerDigit(f, n, d)
		}
	})
}

func outerDigit(f *vec.Func, n, digit int) {
	sums := f.Zeros(n * mr)
	if digit == digits-1 {
		zeros := vec.Base("zeros")
		for i, s := range sums {
			VPSUBD(Mem{Base: zeros, Disp: 64 * (i % n)}, s, s)
		}
	}
	g, ldg, x, left := vec.Base("g"), Load(Param("ldg"), GP64()), vec.Base("x"), vec.Len("x")
	SHLQ(Imm(2), ldg)
	for range digit {
		ADDQ(ldg, g)
	}
	LEAQ(Mem{Base: ldg, Index: ldg, Scale: 2}, ldg) // of all digits
	loop, done := f.Label("quad"), f.Label("done")
	Label(loop)
	SUBQ(U32(uint32(64*n)), left)
	JL(LabelRef(done))
	v := make([]reg.VecVirtual, n)
	for h := range v {
		v[h] = f.New()
		VMOVDQU32(Mem{Base: x, Disp: 64 * h}, v[h])
	}
	for i := range mr {
		b := f.New()
		VPBROADCASTD(Mem{Base: g, Disp: quad * i}, b)
		for h := range v {
			VPDPBUSD(v[h], b, sums[n*i+h])
		}
	}
	ADDQ(U32(uint32(64*n)), x)
	ADDQ(ldg, g)
	JMP(LabelRef(loop))
	Label(done)

	scale, factor := vec.Base("scale"), f.New()
	worth := f.Splat(math.Float32bits(float32(uint32(1) << (8 * digit))))
	vec.EachOfTile(mr, n, func(i, h int, c Mem) {
		if h == 0 {
			VMULPS_BCST(Mem{Base: scale, Disp: 4 * i}, worth, factor)
		}
		s := sums[n*i+h]
		VCVTDQ2PS(s, s)
		VMULPS(factor, s, s)
		VADDPS(c, s, s)
		VMOVUPS(s, c)
	})
}

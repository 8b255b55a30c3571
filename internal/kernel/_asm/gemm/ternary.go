package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

// Weights of one lookup, and lookups of one step of the panel, as package kernel
// knows them.
const (
	triple  = 3
	lookups = 4
)

// widthsOfLookups are all that eight sums in a row of C leave registers for.
func widthsOfLookups() (all []width) {
	for vecs := 8; vecs > 0; vecs-- {
		all = append(all, width{vec.AVX512, vecs})
	}
	return all
}

// gemmTernary looks products up. With three weights of -1, 0 and +1, three values
// of A give 13 sums, their opposites and 0, for which two vectors have room:
// VPERMI2PS fetches one of them for every column. It sees the last five bits of a
// lane, so the four indices of a column, one in a byte, come to its end by loading
// the panel from one byte further each time.
func gemmTernary(widths []width, mr int) {
	const signature = "(c []float32, outs []int, n int, a []float32, rows []int, segs []struct{ A, B int }, triples int, b []uint8)"
	factors := factorsOfLanes()
	begin(widths, "gemmTernary", signature, mr, 4, func(t tile) {
		var factor [triple]reg.VecVirtual
		for i := range factor {
			factor[i] = t.New()
			VMOVUPS(factors.Offset(4*t.Lanes*i), factor[i])
		}
		sign := t.Splat(0x8000_0000)
		sums, index := t.Zeros(t.size()), make([]reg.VecVirtual, t.vecs)
		lookup := func(k int) {
			for h := range index {
				index[h] = t.New()
				VMOVDQU32(Mem{Base: t.b, Disp: 4*t.Lanes*h + k}, index[h])
			}
			for i, row := range t.rows {
				table, opposites := t.New(), t.New()
				x := func(j int) Mem { return Mem{Base: row, Index: t.at, Scale: uint8(t.elem), Disp: 4 * (triple*k + j)} }
				VMULPS_BCST(x(0), factor[0], table)
				VFMADD231PS_BCST(x(1), factor[1], table)
				VFMADD231PS_BCST(x(2), factor[2], table)
				VPXORD(sign, table, opposites)
				for h := range index {
					sum, found := sums[i*t.vecs+h], t.New()
					VMOVDQA32(index[h], found)
					VPERMI2PS(opposites, table, found)
					VADDPS(found, sum, sum)
				}
			}
		}
		left := GP64()
		t.eachSegment(func() {
			loop, rest, end := t.Label("loop"), t.Label("rest"), t.Label("end")
			Load(Param("triples"), left)
			SUBQ(Imm(lookups), left)
			JL(LabelRef(rest))
			Label(loop)
			for k := range lookups {
				lookup(k)
			}
			ADDQ(Imm(triple*lookups), t.at)
			ADDQ(U32(4*t.Lanes*t.vecs), t.b)
			SUBQ(Imm(lookups), left)
			JGE(LabelRef(loop))
			Label(rest)
			ADDQ(Imm(lookups), left)
			for k := range lookups - 1 {
				JZ(LabelRef(end))
				lookup(k)
				DECQ(left)
			}
			Label(end)
		})
		t.store(sums)
		t.next()
	})
}

// factorsOfLanes writes what three values are multiplied by in every lane l of a
// table: the digits d0 + 3*d1 + 9*d2 = l.
func factorsOfLanes() Mem {
	const largest = 1 + 3 + 9
	m := GLOBL("factorsOfLanes", attr.RODATA|attr.NOPTR)
	for digit := range triple {
		for lane := range vec.AVX512.Lanes {
			d, rest := 0, lane
			if lane > largest {
				rest = 0
			}
			for range digit + 1 {
				d = (rest+1)%3 - 1
				rest = (rest - d) / 3
			}
			DATA(4*(digit*vec.AVX512.Lanes+lane), U32(math.Float32bits(float32(d))))
		}
	}
	return m
}

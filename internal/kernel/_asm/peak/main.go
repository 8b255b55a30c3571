// Command peak writes loops that do nothing but multiply and add, in registers.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../peak_amd64.s -stubs ../../peak_stubs_amd64.go -pkg kernel
//go:generate go run ../dotbf16 ../../peak_amd64.s

// sums is how many independent sums there are, as package kernel knows it. Two
// instructions in a cycle of a latency of up to six keep all of them busy.
const sums = 12

// Ones in every lane.
const (
	oneF32    = 0x3f800000
	onesBF16  = 0x3f80_3f80
	onesBytes = 0x01_01_01_01
	onesWords = 0x0001_0001
)

func main() {
	ConstraintExpr("!purego")
	peakF32(vec.AVX2)
	peakF32(vec.AVX512)
	peakU8S8Words(vec.AVX2)
	peakU8S8VNNI(vec.AVX512)
	peakBF16(vec.AVX512)
	Generate()
}

// rounds writes the loop over n rounds, each of which adds to every sum.
func rounds(f *vec.Func, totals []reg.VecVirtual, add func(sum reg.VecVirtual)) {
	n := Load(Param("n"), GP64())
	loop, end := f.Label("loop"), f.Label("end")
	TESTQ(n, n)
	JLE(LabelRef(end))
	Label(loop)
	for _, s := range totals {
		add(s)
	}
	DECQ(n)
	JNZ(LabelRef(loop))
	Label(end)
}

// fold adds all sums up.
func fold(f *vec.Func, totals []reg.VecVirtual, op func(a, b, c Op)) reg.Register {
	const whole = 8 // the power of two that Fold wants
	for i, v := range totals[whole:] {
		op(v, totals[i], totals[i])
	}
	return f.Fold(totals[:whole], op)
}

func addFloats(a, b, c Op) { VADDPS(a, b, c) }
func addInts(a, b, c Op)   { VPADDD(a, b, c) }

func peakF32(s vec.Set) {
	f := s.Begin("peakF32", "(n int) float32", "does n rounds.")
	x, y, totals := s.Splat(oneF32), s.Splat(oneF32), s.Zeros(sums)
	rounds(f, totals, func(sum reg.VecVirtual) { VFMADD231PS(y, x, sum) })
	f.EndWith(fold(f, totals, addFloats))
}

// peakU8S8Words adds the products of two bytes in a 16-bit word, as the product
// of codes does without VNNI.
func peakU8S8Words(s vec.Set) {
	f := s.Begin("peakU8S8", "(n int) int32", "does n rounds; the sum is that of 16-bit words, which overflow.")
	x, y, totals := s.Splat(onesBytes), s.Splat(onesBytes), s.Zeros(sums)
	rounds(f, totals, func(sum reg.VecVirtual) {
		p := s.New()
		VPMADDUBSW(y, x, p)
		VPADDW(p, sum, sum)
	})
	words := s.Splat(onesWords)
	for _, v := range totals {
		VPMADDWD(words, v, v)
	}
	endWithInt(f, fold(f, totals, addInts))
}

func peakU8S8VNNI(s vec.Set) {
	f := s.Begin("peakU8S8", "(n int) int32", "does n rounds.")
	x, y, totals := s.Splat(onesBytes), s.Splat(onesBytes), s.Zeros(sums)
	rounds(f, totals, func(sum reg.VecVirtual) { VPDPBUSD(y, x, sum) })
	endWithInt(f, fold(f, totals, addInts))
}

func peakBF16(s vec.Set) {
	f := s.Begin("peakBF16", "(n int) float32", "does n rounds; it needs AVX512_BF16 too.")
	x, y, totals := s.Splat(onesBF16), s.Splat(onesBF16), s.Zeros(sums)
	rounds(f, totals, func(sum reg.VecVirtual) { vec.VDPBF16PS(y, x, sum) })
	f.EndWith(fold(f, totals, addFloats))
}

// endWithInt ends the function with the int32 in lane 0 as its result.
func endWithInt(f *vec.Func, r reg.Register) {
	sum := GP32()
	VMOVD(r, sum)
	Store(sum, ReturnIndex(0))
	f.End()
}

// Command reduce writes the reductions of package kernel.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../reduce_amd64.s -stubs ../../reduce_stubs_amd64.go -pkg kernel

// accumulators is how many independent sums there are: an addition takes up to
// four cycles, and two vectors can be read in each cycle.
const accumulators = 8

// magnitudeBits are all bits of a float32 but its sign.
const magnitudeBits = 0x7fffffff

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		sum(s)
		extent(s)
		sumAbs(s)
		dot(s)
	}
	Generate()
}

func add(a, b, c Op) { VADDPS(a, b, c) }
func max(a, b, c Op) { VPMAXUD(a, b, c) }

func sum(s vec.Set) {
	f := s.Begin("sum", "(x []float32) float32", "returns sum(x[i]).")
	x, n := vec.Base("x"), vec.Len("x")
	sums := s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		VADDPS(p.Operand(x), sums[p.N], sums[p.N])
	})
	f.EndWith(s.Fold(sums, add))
}

// extent adds few values up in float32 and these sums in float64. It compares
// magnitudes as integers: these have the order of the floats, with NaN above all
// numbers.
func extent(s vec.Set) {
	const few, unroll = 512, 4
	f := s.Begin("extent", "(x []float32, center float32) (squares float64, peak float32)", "returns sum((x[i]-center)^2) and max(|x[i]-center|).")
	x, n, center := vec.Base("x"), vec.Len("x"), s.Broadcast("center")
	magnitude, most, sums, totals := s.Splat(magnitudeBits), s.Zeros(unroll), s.Zeros(unroll), s.Zeros(2)
	turn := func(p vec.Piece) {
		d := p.Load(x)
		VSUBPS(center, d, d)
		p.Keep(d)
		VFMADD231PS(d, d, sums[p.N])
		VANDPS(magnitude, d, d)
		VPMAXUD(d, most[p.N], most[p.N])
	}
	flush := func() {
		VADDPS(sums[1], sums[0], sums[0])
		VADDPS(sums[3], sums[2], sums[2])
		VADDPS(sums[2], sums[0], sums[0])
		wide := s.New()
		VCVTPS2PD(half(s, sums[0], 0), wide)
		VADDPD(wide, totals[0], totals[0])
		VCVTPS2PD(half(s, sums[0], 1), wide)
		VADDPD(wide, totals[1], totals[1])
	}
	f.While(n, few, func() {
		block, index := GP64(), GP64()
		MOVQ(U32(few), block)
		XORQ(index, index)
		f.While(block, unroll*s.Lanes, func() {
			for i := range unroll {
				turn(f.Full(i, index))
			}
			ADDQ(U32(uint32(unroll*s.Lanes)), index)
		})
		flush()
		for _, v := range sums {
			VXORPS(v, v, v)
		}
		ADDQ(U32(4*few), x)
	})
	f.EachMasked(n, unroll, turn)
	flush()
	VADDPD(totals[1], totals[0], totals[0])
	total := totals[0]
	if s == vec.AVX512 {
		VADDPD(half(s, total, 1), total.AsY(), total.AsY())
	}
	high := XMM()
	VEXTRACTF128(Imm(1), total.AsY(), high)
	VADDPD(high, total.AsX(), total.AsX())
	VPERMILPD(Imm(1), total.AsX(), high)
	VADDSD(high, total.AsX(), total.AsX())
	peak := s.Fold(most, max)
	VZEROUPPER()
	Store(total.AsX(), ReturnIndex(0))
	Store(peak, ReturnIndex(1))
	RET()
}

// half returns the lower or the upper half of a vector.
func half(s vec.Set, v reg.VecVirtual, i int) reg.Register {
	switch {
	case s == vec.AVX512 && i == 0:
		return v.AsY()
	case i == 0:
		return v.AsX()
	case s == vec.AVX512:
		high := YMM()
		VEXTRACTF64X4(Imm(1), v, high)
		return high
	}
	high := XMM()
	VEXTRACTF128(Imm(1), v, high)
	return high
}

func sumAbs(s vec.Set) {
	f := s.Begin("sumAbs", "(x []float32) float32", "returns sum(|x[i]|).")
	x, n := vec.Base("x"), vec.Len("x")
	magnitude, sums := s.Splat(magnitudeBits), s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		v := p.New()
		VANDPS(p.Operand(x), magnitude, v)
		VADDPS(v, sums[p.N], sums[p.N])
	})
	f.EndWith(s.Fold(sums, add))
}

func dot(s vec.Set) {
	f := s.Begin("dot", "(x, y []float32) float32", "returns sum(x[i]*y[i]).")
	x, y, n := vec.Base("x"), vec.Base("y"), vec.Len("x")
	sums := s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		v := p.Load(x)
		VFMADD231PS(p.Operand(y), v, sums[p.N])
	})
	f.EndWith(s.Fold(sums, add))
}

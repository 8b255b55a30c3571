// Command bf16 writes the conversions to bfloat16.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../bf16_amd64.s -stubs ../../bf16_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		roundBF16(s)
		codesF32(s)
	}
	pairBF16()
	codesBF16()
	Generate()
}

const unroll = 4

// A rounder rounds float32 to bfloat16, the nearest one with halves to even, and
// leaves it in the upper half of its lane.
type rounder struct{ one, half, quiet reg.VecVirtual }

func newRounder(s vec.Set) rounder {
	return rounder{s.Splat(1), s.Splat(0x7fff), s.Splat(0x00400000)}
}

// round adds half of the last place to the bits of v, and a carry is a carry. A
// NaN only becomes quiet, so that one bit of it is left in the upper half. The
// lower half is rubbish.
func (r rounder) round(p vec.Piece, v reg.VecVirtual) reg.VecVirtual {
	const unordered = 3
	up := p.New()
	nan := p.Is(v, unordered, v)
	VPSRLD(Imm(16), v, up)
	VANDPS(p.Of(r.one), up, up)
	VPADDD(p.Of(r.half), up, up)
	VPADDD(v, up, up)
	VORPS(p.Of(r.quiet), v, v)
	return p.Select(nan, v, up)
}

func roundBF16(s vec.Set) {
	f := s.Begin("roundBF16", "(dst, x []float32, scale float32)", "computes dst[i] = bfloat16(x[i]*scale).")
	dst, x, n, scale := vec.Base("dst"), vec.Base("x"), vec.Len("dst"), f.Broadcast("scale")
	upper := f.Splat(0xffff0000)
	r := newRounder(s)
	f.Each(n, unroll, func(p vec.Piece) {
		v := p.Load(x)
		VMULPS(p.Of(scale), v, v)
		v = r.round(p, v)
		VANDPS(p.Of(upper), v, v)
		p.Store(v, dst)
	})
	f.End()
}

func codesF32(s vec.Set) {
	f := s.Begin("codesF32", "(dst []float32, codes []int8)", "computes dst[i] = codes[i].")
	dst, codes, n := vec.Base("dst"), vec.Base("codes"), vec.Len("dst")
	advance := func(values int) {
		ADDQ(U32(uint32(4*values)), dst)
		ADDQ(U32(uint32(values)), codes)
	}
	for _, vectors := range []int{4, 1} {
		f.While(n, vectors*s.Lanes, func() {
			for i := range vectors {
				v := s.New()
				VPMOVSXBD(Mem{Base: codes, Disp: s.Lanes * i}, v)
				VCVTDQ2PS(v, v)
				VMOVUPS(v, Mem{Base: dst, Disp: 4 * s.Lanes * i})
			}
			advance(vectors * s.Lanes)
		})
	}
	f.While(n, 1, func() {
		code, v := GP32(), XMM()
		MOVBLSX(Mem{Base: codes}, code)
		VXORPS(v, v, v)
		VCVTSI2SSL(code, v, v)
		VMOVSS(v, Mem{Base: dst})
		advance(1)
	})
	f.End()
}

// The others are needed only where bfloat16 can be multiplied.

// storeUpper writes the upper halves of the lanes.
func storeUpper(p vec.Piece, v reg.VecVirtual, dst reg.Register) {
	VPSRLD(Imm(16), v, v)
	half := YMM()
	VPMOVDW(v, half)
	if p.Mask() == nil {
		VMOVDQU(half, p.At(dst, 2))
	} else {
		VMOVDQU16(half, p.Mask(), p.At(dst, 2))
	}
}

func pairBF16() {
	f := vec.AVX512.Begin("pairBF16", "(dst []uint16, x, y []float32, a, b float32)",
		"computes dst[2*i] = bfloat16(a*x[i]), dst[2*i+1] = bfloat16(b*y[i]).")
	dst, x, y, n := vec.Base("dst"), vec.Base("x"), vec.Base("y"), vec.Len("x")
	a, b, upper := f.Broadcast("a"), f.Broadcast("b"), f.Splat(0xffff0000)
	r := newRounder(vec.AVX512)
	f.Each(n, unroll, func(p vec.Piece) {
		v, w := p.Load(x), p.Load(y)
		VMULPS(a, v, v)
		VMULPS(b, w, w)
		v, w = r.round(p, v), r.round(p, w)
		VPSRLD(Imm(16), v, v)
		VANDPS(upper, w, w)
		VORPS(w, v, v)
		p.Store(v, dst)
	})
	f.End()
}

func codesBF16() {
	f := vec.AVX512.Begin("codesBF16", "(dst []uint16, codes []uint8)", "computes dst[i] = bfloat16(codes[i]-128).")
	dst, codes, n, zero := vec.Base("dst"), vec.Base("codes"), vec.Len("dst"), f.Splat(128)
	f.Each(n, unroll, func(p vec.Piece) {
		v := f.New()
		if p.Mask() == nil {
			VPMOVZXBD(p.At(codes, 1), v)
		} else {
			VPMOVZXBD_Z(p.At(codes, 1), p.Mask(), v)
		}
		VPSUBD(zero, v, v)
		VCVTDQ2PS(v, v)
		storeUpper(p, v, dst)
	})
	f.End()
}

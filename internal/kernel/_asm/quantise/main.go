// Command quantise writes the quantisation of activations and its inverse.
package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../quantise_amd64.s -stubs ../../quantise_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		order := unpackOrder(s)
		quantiseU8(s, order)
		dequantiseU8(s)
		signsS8(s, order)
	}
	Generate()
}

func quantiseU8(s vec.Set, order Mem) {
	f := s.Begin("quantiseU8", "(dst []uint8, x []float32, center, scale float32)", "computes len(x) codes.")
	center, scale := s.Broadcast("center"), s.Broadcast("scale")
	largest, sign := s.Splat(math.Float32bits(127)), s.Splat(0x80808080)
	dst, x, n := vec.Base("dst"), vec.Base("x"), vec.Len("x")

	// round gives codes as 32-bit integers, of which those below -128 are
	// left to the saturation that follows. The conversion turns what is beyond
	// all integers into the least one, so only large values need a bound.
	round := func(mask reg.Register, i int) reg.VecVirtual {
		v := s.New()
		s.LoadFirst(mask, Mem{Base: x, Disp: 4 * s.Lanes * i}, v)
		VSUBPS(center, v, v)
		VMULPS(scale, v, v)
		VMINPS(largest, v, v)
		VCVTPS2DQ(v, v)
		return v
	}
	eachOf := func(codes int, body func()) {
		loop, done := f.Label("loop"), f.Label("done")
		SUBQ(Imm(uint64(codes)), n)
		JL(LabelRef(done))
		Label(loop)
		body()
		ADDQ(U32(4*codes), x)
		ADDQ(Imm(uint64(codes)), dst)
		SUBQ(Imm(uint64(codes)), n)
		JGE(LabelRef(loop))
		Label(done)
		ADDQ(Imm(uint64(codes)), n)
	}

	eachOf(4*s.Lanes, func() {
		var v [4]reg.VecVirtual
		for i := range v {
			v[i] = round(nil, i)
		}
		VPACKSSDW(v[1], v[0], v[0])
		VPACKSSDW(v[3], v[2], v[2])
		VPACKSSWB(v[2], v[0], v[0])
		sort := s.New()
		VMOVUPS(order, sort)
		VPERMD(v[0], sort, v[0])
		VXORPS(sign, v[0], v[0])
		VMOVUPS(v[0], Mem{Base: dst})
	})
	eachOf(s.Lanes, func() {
		storeBytes(s, bytes(s, round(nil, 0), sign), dst)
	})
	end := f.Label("end")
	TESTQ(n, n)
	JZ(LabelRef(end))
	mask := s.First(n)
	storeFirst(f, mask, n, bytes(s, round(mask, 0), sign), dst)
	Label(end)
	f.End()
}

func dequantiseU8(s vec.Set) {
	f := s.Begin("dequantiseU8", "(dst []float32, codes []uint8, scale float32)", "computes len(dst) values.")
	scale, zero := s.Broadcast("scale"), s.Splat(128)
	dst, codes, n := vec.Base("dst"), vec.Base("codes"), vec.Len("dst")
	advance := func(values int) {
		ADDQ(U32(4*values), dst)
		ADDQ(U32(values), codes)
	}
	for _, vectors := range []int{4, 1} {
		f.While(n, vectors*s.Lanes, func() {
			for i := range vectors {
				v := s.New()
				VPMOVZXBD(Mem{Base: codes, Disp: s.Lanes * i}, v)
				VPSUBD(zero, v, v)
				VCVTDQ2PS(v, v)
				VMULPS(scale, v, v)
				VMOVUPS(v, Mem{Base: dst, Disp: 4 * s.Lanes * i})
			}
			advance(vectors * s.Lanes)
		})
	}
	f.While(n, 1, func() {
		code, v := GP32(), XMM()
		MOVBLZX(Mem{Base: codes}, code)
		SUBL(Imm(128), code)
		VCVTSI2SSL(code, scale.AsX(), v)
		VMULSS(scale.AsX(), v, v)
		VMOVSS(v, Mem{Base: dst})
		advance(1)
	})
	f.End()
}

// signsS8 compares vectors: the bits of a comparison that holds are the number
// -1. Their packing into bytes is that of quantiseU8.
func signsS8(s vec.Set, table Mem) {
	const less, greater = 17, 30
	f := s.Begin("signsS8", "(dst []int8, x []float32, low, high float32)", "computes len(x) codes.")
	low, high := s.Broadcast("low"), s.Broadcast("high")
	dst, x, n := vec.Base("dst"), vec.Base("x"), vec.Len("x")
	one := s.Splat(1)
	compare := func(mask reg.Register, i int) reg.VecVirtual {
		v, plus := s.New(), s.New()
		s.LoadFirst(mask, Mem{Base: x, Disp: 4 * s.Lanes * i}, v)
		if s == vec.AVX512 {
			above, below := K(), K()
			VCMPPS(Imm(greater), high, v, above)
			VCMPPS(Imm(less), low, v, below)
			VMOVAPS_Z(one, above, plus)
			VPSUBD(one, plus, below, plus)
			return plus
		}
		minus := s.New()
		VCMPPS(Imm(greater), high, v, plus)
		VCMPPS(Imm(less), low, v, minus)
		VPSUBD(plus, minus, plus)
		return plus
	}
	order := s.New()
	VMOVUPS(table, order)
	f.While(n, 4*s.Lanes, func() {
		var v [4]reg.VecVirtual
		for i := range v {
			v[i] = compare(nil, i)
		}
		VPACKSSDW(v[1], v[0], v[0])
		VPACKSSDW(v[3], v[2], v[2])
		VPACKSSWB(v[2], v[0], v[0])
		VPERMD(v[0], order, v[0])
		VMOVUPS(v[0], Mem{Base: dst})
		ADDQ(U32(uint32(16*s.Lanes)), x)
		ADDQ(U32(uint32(4*s.Lanes)), dst)
	})
	none := s.New()
	VXORPS(none, none, none)
	f.While(n, s.Lanes, func() {
		storeBytes(s, bytes(s, compare(nil, 0), none), dst)
		ADDQ(U32(uint32(4*s.Lanes)), x)
		ADDQ(U32(uint32(s.Lanes)), dst)
	})
	end := f.Label("end")
	TESTQ(n, n)
	JZ(LabelRef(end))
	mask := s.First(n)
	storeFirst(f, mask, n, bytes(s, compare(mask, 0), none), dst)
	Label(end)
	f.End()
}

// unpackOrder returns the permutation that undoes what VPACKSSDW and VPACKSSWB
// do with four vectors: they pack each 128-bit part on its own, so that part p
// of the result has part p of each of the vectors.
func unpackOrder(s vec.Set) Mem {
	table := GLOBL("order"+s.Name, attr.RODATA|attr.NOPTR)
	parts := s.Lanes / 4
	for v := range 4 {
		for p := range parts {
			DATA(4*(parts*v+p), U32(4*p+v))
		}
	}
	return table
}

// bytes packs the codes of one vector and adds 128 to them.
func bytes(s vec.Set, v reg.VecVirtual, sign reg.VecVirtual) reg.Register {
	low := v.AsX()
	if s == vec.AVX512 {
		VPMOVSDB(v, low)
	} else {
		high := XMM()
		VEXTRACTI128(Imm(1), v, high)
		VPACKSSDW(high, low, low)
		VPACKSSWB(low, low, low)
	}
	VXORPS(sign.AsX(), low, low)
	return low
}

// storeBytes writes the codes of one vector.
func storeBytes(s vec.Set, codes, dst reg.Register) {
	if s == vec.AVX512 {
		VMOVUPS(codes, Mem{Base: dst})
	} else {
		VMOVQ(codes, Mem{Base: dst})
	}
}

// storeFirst writes the first n codes of one vector. AVX2 has no masked stores
// of bytes: it writes a piece for each bit of n.
func storeFirst(f *vec.Func, mask reg.Register, n reg.GPVirtual, codes, dst reg.Register) {
	if f.Set == vec.AVX512 {
		VMOVDQU8(codes, mask, Mem{Base: dst})
		return
	}
	rest := GP64()
	VMOVQ(codes, rest)
	piece := func(size uint64, write func()) {
		skip := f.Label("skip")
		TESTL(U32(size), n.As32())
		JZ(LabelRef(skip))
		write()
		ADDQ(Imm(size), dst)
		SHRQ(Imm(8*size), rest)
		Label(skip)
	}
	piece(4, func() { MOVL(rest.As32(), Mem{Base: dst}) })
	piece(2, func() { MOVW(rest.As16(), Mem{Base: dst}) })
	piece(1, func() { MOVB(rest.As8(), Mem{Base: dst}) })
}

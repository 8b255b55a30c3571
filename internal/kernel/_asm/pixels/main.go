// Command pixels writes the kernels of images of bytes.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../pixels_amd64.s -stubs ../../pixels_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		normalise(s)
		weighRows(s)
	}
	Generate()
}

// period is that of mean and std: a multiple of the lanes and of 3 channels.
const period = 48

// normalise divides by 255 in a product with 1/255 as the sum of two float32:
// for a byte that has the bits of the division, as a test shows for all. The
// division by std is one.
func normalise(s vec.Set) {
	f := s.Begin("normalise", "(dst []float32, src []uint8, mean, std *[48]float32)", "computes dst[i] = (src[i]/255 - mean[i%48]) / std[i%48].")
	high, low := float32(1.0/255), float32(1.0/255-float64(float32(1.0/255)))
	whole, rest := s.SplatFloat(high), s.SplatFloat(low)
	dst, src, n := vec.Base("dst"), vec.Base("src"), vec.Len("dst")
	mean, std := Load(Param("mean"), GP64()), Load(Param("std"), GP64())

	// finish turns bytes as 32-bit integers into values.
	finish := func(v reg.VecVirtual, whole, rest reg.Register, mean, std Op) {
		part := s.New()
		VCVTDQ2PS(v, v)
		VMULPS(rest, v, part)
		VFMADD132PS(whole, part, v)
		VSUBPS(mean, v, v)
		VDIVPS(std, v, v)
	}
	block := func(i int) {
		v := s.New()
		VPMOVZXBD(Mem{Base: src, Disp: s.Lanes * i}, v)
		finish(v, whole, rest, Mem{Base: mean, Disp: 4 * s.Lanes * i}, Mem{Base: std, Disp: 4 * s.Lanes * i})
		VMOVUPS(v, Mem{Base: dst, Disp: 4 * s.Lanes * i})
	}
	advance := func(values int, all ...reg.Register) {
		ADDQ(U32(values), src)
		for _, r := range append(all, dst) {
			ADDQ(U32(4*values), r)
		}
	}
	f.While(n, period, func() {
		for i := range period / s.Lanes {
			block(i)
		}
		advance(period)
	})
	f.While(n, s.Lanes, func() {
		block(0)
		advance(s.Lanes, mean, std)
	})
	if s == vec.AVX512 {
		end := f.Label("end")
		TESTQ(n, n)
		JZ(LabelRef(end))
		mask, v := s.First(n), s.New()
		VPMOVZXBD_Z(Mem{Base: src}, mask, v)
		finish(v, whole, rest, Mem{Base: mean}, Mem{Base: std})
		VMOVUPS(v, mask, Mem{Base: dst})
		Label(end)
	} else {
		f.While(n, 1, func() {
			p, v, part := GP32(), XMM(), XMM()
			MOVBLZX(Mem{Base: src}, p)
			VCVTSI2SSL(p, whole.AsX(), v)
			VMULSS(rest.AsX(), v, part)
			VFMADD132SS(whole.AsX(), part, v)
			VSUBSS(Mem{Base: mean}, v, v)
			VDIVSS(Mem{Base: std}, v, v)
			VMOVSS(v, Mem{Base: dst})
			advance(1, mean, std)
		})
	}
	f.End()
}

// weighRows sums in 32 bits. Of the result the lowest byte counts.
func weighRows(s vec.Set) {
	f := s.Begin("weighRows", "(dst, src []uint8, stride int, weights []uint32)", "computes dst[j] = (1<<21 + sum(k) weights[k]*src[k*stride+j]) >> 22.")
	half := s.Splat(1 << 21)
	var low reg.Register
	if s == vec.AVX2 {
		low = s.Splat(0xff)
	}
	dst, src, n := vec.Base("dst"), vec.Base("src"), vec.Len("dst")
	stride, weights, taps := Load(Param("stride"), GP64()), vec.Base("weights"), vec.Len("weights")

	sums := func(vectors int, load func(at reg.Register, i int, v reg.VecVirtual)) []reg.VecVirtual {
		v := make([]reg.VecVirtual, vectors)
		for i := range v {
			v[i] = s.New()
			VMOVUPS(half, v[i])
		}
		at, k, weight := GP64(), GP64(), s.New()
		MOVQ(src, at)
		XORQ(k, k)
		tap, done := f.Label("tap"), f.Label("done")
		Label(tap)
		CMPQ(k, taps)
		JGE(LabelRef(done))
		VPBROADCASTD(Mem{Base: weights, Index: k, Scale: 4}, weight)
		for i := range v {
			x := s.New()
			load(at, i, x)
			VPMULLD(weight, x, x)
			VPADDD(x, v[i], v[i])
		}
		ADDQ(stride, at)
		INCQ(k)
		JMP(LabelRef(tap))
		Label(done)
		for i := range v {
			VPSRLD(Imm(22), v[i], v[i])
			if low != nil {
				VPAND(low, v[i], v[i]) // packing saturates
			}
		}
		return v
	}
	whole := func(at reg.Register, i int, v reg.VecVirtual) { VPMOVZXBD(Mem{Base: at, Disp: s.Lanes * i}, v) }
	advance := func(values int) {
		ADDQ(U32(values), dst)
		ADDQ(U32(values), src)
	}
	if s == vec.AVX512 {
		for _, vectors := range []int{4, 1} {
			f.While(n, vectors*s.Lanes, func() {
				for i, v := range sums(vectors, whole) {
					VPMOVDB(v, Mem{Base: dst, Disp: s.Lanes * i})
				}
				advance(vectors * s.Lanes)
			})
		}
		end := f.Label("end")
		TESTQ(n, n)
		JZ(LabelRef(end))
		mask := s.First(n)
		v := sums(1, func(at reg.Register, _ int, v reg.VecVirtual) { VPMOVZXBD_Z(Mem{Base: at}, mask, v) })
		VPMOVDB(v[0], mask, Mem{Base: dst})
		Label(end)
		f.End()
		return
	}
	f.While(n, 4*s.Lanes, func() {
		v := sums(4, whole)
		VPACKUSDW(v[1], v[0], v[0])
		VPACKUSDW(v[3], v[2], v[2])
		VPACKUSWB(v[2], v[0], v[0])
		sort := s.New()
		VPMOVZXBD(order(), sort)
		VPERMD(v[0], sort, v[0])
		VMOVUPS(v[0], Mem{Base: dst})
		advance(4 * s.Lanes)
	})
	f.While(n, s.Lanes, func() {
		v, high := sums(1, whole)[0], XMM()
		low := v.AsX()
		VEXTRACTI128(Imm(1), v, high)
		VPACKUSDW(high, low, low)
		VPACKUSWB(low, low, low)
		VMOVQ(low, Mem{Base: dst})
		advance(s.Lanes)
	})
	f.While(n, 1, func() {
		at, k, sum := GP64(), GP64(), GP32()
		MOVQ(src, at)
		XORQ(k, k)
		MOVL(U32(1<<21), sum)
		tap, done := f.Label("tap"), f.Label("done")
		Label(tap)
		CMPQ(k, taps)
		JGE(LabelRef(done))
		p := GP32()
		MOVBLZX(Mem{Base: at}, p)
		IMULL(Mem{Base: weights, Index: k, Scale: 4}, p)
		ADDL(p, sum)
		ADDQ(stride, at)
		INCQ(k)
		JMP(LabelRef(tap))
		Label(done)
		SHRL(Imm(22), sum)
		MOVB(sum.As8(), Mem{Base: dst})
		advance(1)
	})
	f.End()
}

// order returns the permutation that undoes what VPACKUSDW and VPACKUSWB do
// with four vectors: they pack each half on its own.
func order() Mem {
	table := GLOBL("unpackBytes", attr.RODATA|attr.NOPTR)
	DATA(0, U64(0x07_03_06_02_05_01_04_00))
	return table
}

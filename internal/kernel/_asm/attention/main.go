// Command attention writes the kernels of multi-head attention.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../attention_amd64.s -stubs ../../attention_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	transpose("transpose", "(dst []float32, ldd int, src []float32, lds, rows, cols int, a float32)",
		"computes dst[j*ldd+i] = a*src[i*lds+j] for multiples of 8 rows and columns.",
		func(f *vec.Func) func(m Mem, v reg.VecVirtual) {
			a := f.Broadcast("a")
			return func(m Mem, v reg.VecVirtual) { VMULPS(m, a, v) }
		})
	transpose("transposeCodes", "(dst []int8, ldd int, src []int8, lds, rows, cols int)",
		"moves groups of four codes for multiples of 8 rows and columns.",
		func(*vec.Func) func(m Mem, v reg.VecVirtual) {
			return func(m Mem, v reg.VecVirtual) { VMOVUPS(m, v) }
		})
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		scale(s)
	}
	Generate()
}

const unroll = 4

func scale(s vec.Set) {
	f := s.Begin("scale", "(dst []float32, a float32, x []float32)", "computes dst[i] = a*x[i].")
	dst, a, x, n := vec.Base("dst"), s.Broadcast("a"), vec.Base("x"), vec.Len("dst")
	f.Each(n, unroll, func(p vec.Piece) {
		v := p.New()
		VMULPS(p.Operand(x), p.Of(a), v)
		p.Store(v, dst)
	})
	f.End()
}

// transpose goes over the matrix in squares of 8x8 values of four bytes. It
// serves AVX-512 as well: its users spend a few per cent of their time here.
// prepare returns the code that loads a line of a square.
func transpose(name, signature, doc string, prepare func(*vec.Func) func(m Mem, v reg.VecVirtual)) {
	const side = 8
	f := vec.AVX2.Begin(name, signature, doc)
	load := prepare(f)
	from, to := cornerOf("src", "lds"), cornerOf("dst", "ldd")
	rows, cols := Load(Param("rows"), GP64()), GP64()
	f.While(rows, side, func() {
		s, d := from.copy(), to.copy()
		Load(Param("cols"), cols)
		f.While(cols, side, func() {
			v := make([]reg.VecVirtual, side)
			for i, m := range s.lines() {
				v[i] = f.New()
				load(m, v[i])
			}
			v = transposed(v)
			for i, m := range d.lines() {
				VMOVUPS(v[i], m)
			}
			ADDQ(Imm(4*side), s.base)
			LEAQ(Mem{Base: d.base, Index: d.stride, Scale: side}, d.base)
		})
		LEAQ(Mem{Base: from.base, Index: from.stride, Scale: side}, from.base)
		ADDQ(Imm(4*side), to.base)
	})
	f.End()
}

// A corner is where the next square of a matrix begins.
type corner struct{ base, stride reg.GPVirtual } // stride in bytes

func cornerOf(base, stride string) corner {
	c := corner{GP64(), GP64()}
	Load(Param(base).Base(), c.base)
	Load(Param(stride), c.stride)
	SHLQ(Imm(2), c.stride)
	return c
}

func (c corner) copy() corner {
	base := GP64()
	MOVQ(c.base, base)
	return corner{base, c.stride}
}

// lines returns where the eight lines of the square begin.
func (c corner) lines() (all []Mem) {
	half, three := GP64(), GP64()
	LEAQ(Mem{Base: c.base, Index: c.stride, Scale: 4}, half)
	LEAQ(Mem{Base: c.stride, Index: c.stride, Scale: 2}, three)
	for _, base := range []reg.GPVirtual{c.base, half} {
		all = append(all,
			Mem{Base: base},
			Mem{Base: base, Index: c.stride, Scale: 1},
			Mem{Base: base, Index: c.stride, Scale: 2},
			Mem{Base: base, Index: three, Scale: 1})
	}
	return all
}

// transposed returns the columns of the 8x8 matrix whose rows are v.
func transposed(v []reg.VecVirtual) []reg.VecVirtual {
	step := func(v []reg.VecVirtual, distance int, low, high func(a, b, c reg.VecVirtual)) []reg.VecVirtual {
		w := make([]reg.VecVirtual, len(v))
		for i := range v {
			if i&distance == 0 {
				w[i], w[i+distance] = YMM(), YMM()
				low(v[i], v[i+distance], w[i])
				high(v[i], v[i+distance], w[i+distance])
			}
		}
		return w
	}
	// Swap the quarters at all scales: pairs of values, pairs of pairs, halves.
	v = step(v, 1,
		func(a, b, c reg.VecVirtual) { VUNPCKLPS(b, a, c) },
		func(a, b, c reg.VecVirtual) { VUNPCKHPS(b, a, c) })
	v = step(v, 2,
		func(a, b, c reg.VecVirtual) { VUNPCKLPD(b, a, c) },
		func(a, b, c reg.VecVirtual) { VUNPCKHPD(b, a, c) })
	v = step(v, 4,
		func(a, b, c reg.VecVirtual) { VPERM2F128(Imm(0x20), b, a, c) },
		func(a, b, c reg.VecVirtual) { VPERM2F128(Imm(0x31), b, a, c) })
	// The unpacking has left the middle two of each four in the wrong order.
	for i := 0; i < len(v); i += 4 {
		v[i+1], v[i+2] = v[i+2], v[i+1]
	}
	return v
}

// Command outer writes the tiles of outer products.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../outer_amd64.s -stubs ../../outer_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	outerF32(vec.AVX2, 6)
	outerU8(vec.AVX2, 6)
	outerF32(vec.AVX512, 12)
	outerU8(vec.AVX512, 12)
	Generate()
}

func outerF32(s vec.Set, mr int) {
	f := s.Begin("outerF32", "(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int)", doc(s, mr))
	sums := outer(f, mr, 4, func(m Mem, v reg.Register) {
		VMOVUPS(m, v)
	})

	c := vec.Base("c")
	for i, v := range sums {
		m := Mem{Base: c, Disp: 4 * s.Lanes * i}
		VADDPS(m, v, v)
		VMOVUPS(v, m)
	}
	f.End()
}

func outerU8(s vec.Set, mr int) {
	f := s.Begin("outerU8", "(c []float32, scale float32, g []float32, ldg int, x []uint8, rows []int, col0, col1 int)", doc(s, mr))
	zero := s.Splat(128)
	sums := outer(f, mr, 1, func(m Mem, v reg.Register) {
		VPMOVZXBD(m, v)
		VPSUBD(zero, v, v)
		VCVTDQ2PS(v, v)
	})

	c, scale := vec.Base("c"), s.Broadcast("scale")
	for i, v := range sums {
		m := Mem{Base: c, Disp: 4 * s.Lanes * i}
		VFMADD213PS(m, scale, v)
		VMOVUPS(v, m)
	}
	f.End()
}

func doc(s vec.Set, mr int) string {
	return fmt.Sprintf("computes %d output channels of %d lanes.", mr, s.Lanes)
}

// outer sums the outer products of all pixels in registers, in the order of
// c. load reads a vector of x, whose values have size bytes.
func outer(f *vec.Func, mr, size int, load func(Mem, reg.Register)) []reg.VecVirtual {
	sums := f.Zeros(2 * mr)
	g, ldg := vec.Base("g"), Load(Param("ldg"), GP64())
	SHLQ(Imm(2), ldg)
	x := vec.Base("x")
	var cols [2]reg.Register
	for h, name := range []string{"col0", "col1"} {
		cols[h] = Load(Param(name), GP64())
		LEAQ(Mem{Base: x, Index: cols[h], Scale: uint8(size)}, cols[h])
	}
	row, end := vec.Base("rows"), vec.Len("rows")
	LEAQ(Mem{Base: row, Index: end, Scale: 8}, end)

	pixel, more := f.Label("pixel"), f.Label("more")
	JMP(LabelRef(more))
	Label(pixel)
	at := GP64()
	MOVQ(Mem{Base: row}, at)
	ADDQ(Imm(8), row)
	var v [2]reg.Register
	for h := range v {
		v[h] = f.New()
		load(Mem{Base: cols[h], Index: at, Scale: uint8(size)}, v[h])
	}
	for i := range mr {
		d := f.New()
		VBROADCASTSS(Mem{Base: g, Disp: 4 * i}, d)
		for h := range v {
			VFMADD231PS(v[h], d, sums[2*i+h])
		}
	}
	ADDQ(ldg, g)
	Label(more)
	CMPQ(row, end)
	JNE(LabelRef(pixel))
	return sums
}

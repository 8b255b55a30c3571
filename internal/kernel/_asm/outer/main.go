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
	outerF32(vec.AVX512, 12)
	Generate()
}

func outerF32(s vec.Set, mr int) {
	f := s.Begin("outerF32", "(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int)", doc(s, mr))
	sums := outer(f, mr)
	c := vec.Base("c")
	for i, v := range sums {
		m := Mem{Base: c, Disp: 4 * s.Lanes * i}
		VADDPS(m, v, v)
		VMOVUPS(v, m)
	}
	f.End()
}

func doc(s vec.Set, mr int) string {
	return fmt.Sprintf("computes %d output channels of %d lanes.", mr, s.Lanes)
}

// outer sums the outer products of all pixels in registers, in the order of
// c.
func outer(f *vec.Func, mr int) []reg.VecVirtual {
	sums := f.Zeros(2 * mr)
	g, ldg := vec.Base("g"), Load(Param("ldg"), GP64())
	SHLQ(Imm(2), ldg)
	x := vec.Base("x")
	var cols [2]reg.Register
	for h, name := range []string{"col0", "col1"} {
		cols[h] = Load(Param(name), GP64())
		LEAQ(Mem{Base: x, Index: cols[h], Scale: 4}, cols[h])
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
		VMOVUPS(Mem{Base: cols[h], Index: at, Scale: 4}, v[h])
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

// Command outer writes the tiles of outer products.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../outer_amd64.s -stubs ../../outer_stubs_amd64.go -pkg kernel
//go:generate go run ../dotbf16 ../../outer_amd64.s

func main() {
	ConstraintExpr("!purego")
	outerF32(vec.AVX2, 6)
	outerF32(vec.AVX512, 12)
	outerBF16(vec.AVX512, 12)
	Generate()
}

func outerF32(s vec.Set, mr int) {
	f := s.Begin("outerF32", "(c []float32, g []float32, ldg int, x []float32, rows []int, col0, col1 int)", doc(s, mr))
	o := begin(f, mr, 4)
	o.each(1, func(at []reg.Register) {
		var v [2]reg.VecVirtual
		for h := range v {
			v[h] = f.New()
			VMOVUPS(Mem{Base: o.cols[h], Index: at[0], Scale: 4}, v[h])
		}
		o.products(v, VFMADD231PS)
	})
	o.end()
}

// outerBF16 puts the values of two pixels side by side.
func outerBF16(s vec.Set, mr int) {
	f := s.Begin("outerBF16", "(c []float32, g []uint16, ldg int, x []uint16, rows []int, col0, col1 int)", doc(s, mr))
	pairs := f.New()
	VMOVUPS(pairOrder(s), pairs)
	o := begin(f, mr, 2)
	o.each(2, func(at []reg.Register) {
		var v [2]reg.VecVirtual
		for h := range v {
			v[h] = f.New()
			second := f.New()
			VMOVUPS(Mem{Base: o.cols[h], Index: at[0], Scale: 2}, v[h].AsY())
			VMOVUPS(Mem{Base: o.cols[h], Index: at[1], Scale: 2}, second.AsY())
			VPERMT2W(second, pairs, v[h])
		}
		o.products(v, vec.VDPBF16PS)
	})
	o.end()
}

// pairOrder returns the permutation of two vectors of half the length into one
// of pairs.
func pairOrder(s vec.Set) Mem {
	table := GLOBL("pairs"+s.Name, attr.RODATA|attr.NOPTR)
	for i := range 2 * s.Lanes {
		DATA(2*i, U16(i/2+i%2*2*s.Lanes))
	}
	return table
}

func doc(s vec.Set, mr int) string {
	return fmt.Sprintf("computes %d output channels of %d lanes.", mr, s.Lanes)
}

// outer is a tile of outer products, in the order of c, and where the next
// pixel lies.
type outer struct {
	*vec.Func
	mr           int
	sums         []reg.VecVirtual
	g, ldg       reg.GPVirtual
	cols         [2]reg.GPVirtual // x + col0, x + col1
	row, rowsEnd reg.GPVirtual
}

// begin reads the arguments; x has values of size bytes.
func begin(f *vec.Func, mr, size int) outer {
	o := outer{Func: f, mr: mr, sums: f.Zeros(2 * mr), g: vec.Base("g"), ldg: GP64()}
	Load(Param("ldg"), o.ldg)
	SHLQ(Imm(2), o.ldg)
	x := vec.Base("x")
	for h, name := range []string{"col0", "col1"} {
		o.cols[h] = GP64()
		Load(Param(name), o.cols[h])
		LEAQ(Mem{Base: x, Index: o.cols[h], Scale: uint8(size)}, o.cols[h])
	}
	o.row, o.rowsEnd = vec.Base("rows"), vec.Len("rows")
	LEAQ(Mem{Base: o.row, Index: o.rowsEnd, Scale: 8}, o.rowsEnd)
	return o
}

// each writes the loop over the pixels, so many at a time.
func (o *outer) each(pixels int, body func(at []reg.Register)) {
	pixel, more := o.Label("pixel"), o.Label("more")
	JMP(LabelRef(more))
	Label(pixel)
	at := make([]reg.Register, pixels)
	for i := range at {
		r := GP64()
		MOVQ(Mem{Base: o.row, Disp: 8 * i}, r)
		at[i] = r
	}
	ADDQ(Imm(uint64(8*pixels)), o.row)
	body(at)
	ADDQ(o.ldg, o.g)
	Label(more)
	CMPQ(o.row, o.rowsEnd)
	JNE(LabelRef(pixel))
}

// products adds the products of the vectors and the output channels, which are
// 4 bytes each.
func (o *outer) products(v [2]reg.VecVirtual, add func(ops ...Op)) {
	for i := range o.mr {
		d := o.New()
		VBROADCASTSS(Mem{Base: o.g, Disp: 4 * i}, d)
		for h := range v {
			add(v[h], d, o.sums[2*i+h])
		}
	}
}

// end adds the sums to c and ends the function.
func (o *outer) end() {
	c := vec.Base("c")
	for i, v := range o.sums {
		m := Mem{Base: c, Disp: 4 * o.Lanes * i}
		VADDPS(m, v, v)
		VMOVUPS(v, m)
	}
	o.End()
}

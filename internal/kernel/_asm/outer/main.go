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
	outerF32([]vec.Set{vec.AVX2}, 4)
	outerF32([]vec.Set{vec.AVX512, vec.AVX512VL}, 8, 6)
	outerBF16([]vec.Set{vec.AVX512, vec.AVX512VL}, 8)
	Generate()
}

// outerF32 has tiles of the vectors of each set, the longest first, and of each number
// of rows.
func outerF32(sets []vec.Set, rows ...int) {
	f := sets[0].Begin("outerF32", "(c []float32, ldc, rows, lanes int, g, x []float32, cold bool, pixels []struct{ G, X int }, cols []struct{ C, X int })", doc(sets[0], rows...))
	write := func(o outer) {
		const size = 16 // of a pixel
		g := vec.Base("g")
		pixel, end := vec.Base("pixels"), vec.Len("pixels")
		SHLQ(Imm(4), end)
		ADDQ(pixel, end)
		product := func() {
			gAt, xAt := GP64(), GP64()
			MOVQ(Mem{Base: pixel}, gAt)
			MOVQ(Mem{Base: pixel, Disp: 8}, xAt)
			ADDQ(Imm(size), pixel)
			v := make([]reg.VecVirtual, len(o.cols))
			for h := range v {
				v[h] = f.New()
				VMOVUPS(Mem{Base: o.cols[h], Index: xAt, Scale: 4}, v[h])
			}
			LEAQ(Mem{Base: g, Index: gAt, Scale: 4}, gAt)
			o.products(gAt, v, VFMADD231PS)
		}
		warm := f.Label("warm")
		CMPB(Load(Param("cold"), GP8()), Imm(0))
		JEQ(LabelRef(warm))
		last := GP64()
		LEAQ(Mem{Base: end, Disp: -size}, last)
		o.loop(pixel, end, func() {
			ahead := GP64()
			LEAQ(Mem{Base: pixel, Disp: 16 * size}, ahead)
			CMPQ(ahead, last)
			CMOVQGT(last, ahead)
			MOVQ(Mem{Base: ahead, Disp: 8}, ahead)
			for _, x := range o.cols {
				PREFETCHT0(Mem{Base: x, Index: ahead, Scale: 4})
			}
			product()
		})
		Label(warm)
		o.loop(pixel, end, product)
	}
	f.Cases(Load(Param("rows"), GP64()), rows, func(i int) { eachWidth(f, sets, rows[i], 4, write) })
}

// outerBF16 puts the values of two pixels side by side.
func outerBF16(sets []vec.Set, mr int) {
	f := sets[0].Begin("outerBF16", "(c []float32, ldc, lanes int, g []uint16, ldg int, x []uint16, rows []int, cols []struct{ C, X int })", doc(sets[0], mr))
	orders := map[vec.Set]Mem{}
	for _, s := range sets {
		orders[s] = pairOrder(s)
	}
	eachWidth(f, sets, mr, 2, func(o outer) {
		pairs := f.New()
		VMOVUPS(orders[f.Set], pairs)
		g, ldg := vec.Base("g"), GP64()
		Load(Param("ldg"), ldg)
		SHLQ(Imm(2), ldg)
		row, end := vec.Base("rows"), vec.Len("rows")
		LEAQ(Mem{Base: row, Index: end, Scale: 8}, end)
		o.loop(row, end, func() {
			var at [2]reg.GPVirtual
			for i := range at {
				at[i] = GP64()
				MOVQ(Mem{Base: row, Disp: 8 * i}, at[i])
			}
			ADDQ(Imm(16), row)
			v := make([]reg.VecVirtual, len(o.cols))
			for h := range v {
				v[h] = f.New()
				second := f.New()
				VMOVUPS(Mem{Base: o.cols[h], Index: at[0], Scale: 2}, half(v[h], f.Set))
				VMOVUPS(Mem{Base: o.cols[h], Index: at[1], Scale: 2}, half(second, f.Set))
				VPERMT2W(second, pairs, v[h])
			}
			o.products(g, v, vec.VDPBF16PS)
			ADDQ(ldg, g)
		})
	})
}

// half returns the lower half of a vector of the set.
func half(v reg.VecVirtual, s vec.Set) reg.Register {
	if s == vec.AVX512 {
		return v.AsY()
	}
	return v.AsX()
}

// pairOrder returns the permutation of two vectors of half the length into one
// of pairs.
func pairOrder(s vec.Set) Mem {
	table := GLOBL(fmt.Sprintf("pairs%d", s.Lanes), attr.RODATA|attr.NOPTR)
	for i := range 2 * s.Lanes {
		DATA(2*i, U16(i/2+i%2*2*s.Lanes))
	}
	return table
}

func doc(s vec.Set, rows ...int) string {
	channels := fmt.Sprint(rows[0])
	for _, r := range rows[1:] {
		channels += fmt.Sprint(" or ", r)
	}
	return fmt.Sprintf("computes %s output channels of up to %d vectors of up to %d lanes.", channels, maxCols, s.Lanes)
}

// outer is a tile of outer products, its sums in the order [MR][columns].
type outer struct {
	*vec.Func
	mr   int
	cols []reg.GPVirtual // x + cols[h].X
	sums []reg.VecVirtual
}

const maxCols = 3

// eachWidth writes the tiles of the vectors of each set: of three columns, two
// and one. x has values of size bytes.
func eachWidth(f *vec.Func, sets []vec.Set, mr, size int, write func(outer)) {
	var lanes []int
	for _, s := range sets {
		lanes = append(lanes, s.Lanes)
	}
	f.Cases(Load(Param("lanes"), GP64()), lanes, func(i int) {
		f.Set = sets[i]
		eachColumns(f, mr, size, write)
	})
}

func eachColumns(f *vec.Func, mr, size int, write func(outer)) {
	columns := []int{maxCols, 2, 1}
	f.Cases(vec.Len("cols"), columns, func(i int) {
		n := columns[i]
		o := outer{Func: f, mr: mr, sums: f.Zeros(n * mr)}
		x, cols := vec.Base("x"), vec.Base("cols")
		for h := range n {
			col := GP64()
			MOVQ(Mem{Base: cols, Disp: 16*h + 8}, col)
			LEAQ(Mem{Base: x, Index: col, Scale: uint8(size)}, col)
			o.cols = append(o.cols, col)
		}
		write(o)
		o.add()
		f.End()
	})
}

// add adds the sums to c.
func (o outer) add() {
	n := len(o.cols)
	vec.EachOfTile(o.mr, n, func(i, h int, c Mem) {
		VADDPS(c, o.sums[n*i+h], o.sums[n*i+h])
		VMOVUPS(o.sums[n*i+h], c)
	})
}

// loop writes a loop whose body moves at on to end.
func (o outer) loop(at, end reg.Register, body func()) {
	loop, more := o.Label("loop"), o.Label("more")
	JMP(LabelRef(more))
	Label(loop)
	body()
	Label(more)
	CMPQ(at, end)
	JNE(LabelRef(loop))
}

// products adds the products of the vectors and the output channels at g, which
// are 4 bytes each.
func (o outer) products(g reg.Register, v []reg.VecVirtual, add func(ops ...Op)) {
	for i := range o.mr {
		d := o.New()
		VBROADCASTSS(Mem{Base: g, Disp: 4 * i}, d)
		for h := range v {
			add(v[h], d, o.sums[len(v)*i+h])
		}
	}
}

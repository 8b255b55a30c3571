// Command epilogue writes the stores of finished tiles.
//
// A row has one vector of n values, or a full one and one of the rest. What
// the rows share, which is the bias, the offsets and the mask, stays in
// registers.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../epilogue_amd64.s -stubs ../../epilogue_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		storeF32(s)
		storeI32(s)
		finishRows(s)
		measureRows(s)
	}
	Generate()
}

func storeF32(s vec.Set) {
	f := s.Begin("storeF32", "(dst []float32, outs []int, c []float32, ldc, n int, bias []float32)", doc(s))
	eachRow(f, func(parts []part) func(part, place) reg.VecVirtual {
		bias, c := loadBias(f, parts), newTile(f)
		return func(p part, at place) reg.VecVirtual {
			v := p.load(c.next(p))
			VADDPS(bias[p.h], v, v)
			return v
		}
	})
}

func storeI32(s vec.Set) {
	f := s.Begin("storeI32", "(dst []float32, outs []int, c []int32, ldc, n int, offset []int32, scale, bias []float32)", doc(s))
	eachRow(f, func(parts []part) func(part, place) reg.VecVirtual {
		bias, offset, c := loadBias(f, parts), f.Zeros(len(parts)), newTile(f)
		loadParts(parts, vec.Base("offset"), offset)
		scale, factor := vec.Base("scale"), f.New()
		return func(p part, at place) reg.VecVirtual {
			if p.h == 0 {
				VBROADCASTSS(Mem{Base: scale}, factor)
				ADDQ(Imm(4), scale)
			}
			v := p.load(c.next(p))
			VPSUBD(offset[p.h], v, v)
			VCVTDQ2PS(v, v)
			VMULPS(factor, v, v)
			VADDPS(bias[p.h], v, v)
			return v
		}
	})
}

// finishRows has one loop for rows to which others are added, and one for those
// without.
func finishRows(s vec.Set) {
	f := s.Begin("finishRows", "(dst []float32, outs []int, n int, scale, shift, other []float32, floor, ceil float32)", doc(s))
	plain := f.Label("plain")
	other := vec.Base("other")
	TESTQ(other, other)
	JZ(LabelRef(plain))
	for _, adds := range []bool{true, false} {
		if !adds {
			Label(plain)
		}
		eachRow(f, func(parts []part) func(part, place) reg.VecVirtual {
			scale, shift := f.Zeros(len(parts)), f.Zeros(len(parts))
			loadParts(parts, vec.Base("scale"), scale)
			loadParts(parts, vec.Base("shift"), shift)
			floor, ceil, other := f.Broadcast("floor"), f.Broadcast("ceil"), vec.Base("other")
			return func(p part, at place) reg.VecVirtual {
				v := p.load(Mem{Base: at.out, Disp: 4 * f.Lanes * p.h})
				VMULPS(scale[p.h], v, v)
				VADDPS(shift[p.h], v, v)
				if adds {
					VADDPS(p.load(Mem{Base: other, Index: at.index, Scale: 4, Disp: 4 * f.Lanes * p.h}), v, v)
				}
				VMAXPS(v, floor, v) // v, unless floor is greater
				VMINPS(v, ceil, v)  // v, unless ceil is less
				return v
			}
		})
	}
}

// measureRows adds up the rows in registers.
func measureRows(s vec.Set) {
	f := s.Begin("measureRows", "(sum, square, x []float32, outs []int, n int, center []float32)", doc(s))
	overRows(f, "x", func(parts []part) (func(part, place), func()) {
		center, sums, squares := f.Zeros(len(parts)), f.Zeros(len(parts)), f.Zeros(len(parts))
		loadParts(parts, vec.Base("center"), center)
		each := func(p part, at place) {
			d := p.load(Mem{Base: at.out, Disp: 4 * f.Lanes * p.h})
			VSUBPS(center[p.h], d, d)
			VADDPS(d, sums[p.h], sums[p.h])
			VFMADD231PS(d, d, squares[p.h])
		}
		return each, func() {
			for _, to := range []struct {
				name string
				from []reg.VecVirtual
			}{{"sum", sums}, {"square", squares}} {
				base := vec.Base(to.name)
				for _, p := range parts {
					v := p.load(Mem{Base: base, Disp: 4 * f.Lanes * p.h})
					VADDPS(to.from[p.h], v, v)
					p.store(v, base)
				}
			}
		}
	})
}

// A place is where a row of the output begins: its address, and its index in
// the array.
type place struct{ out, index reg.GPVirtual }

// A scratch tile is read row by row.
type scratch struct {
	*vec.Func
	row, ldc reg.GPVirtual
	now      reg.GPVirtual // the row whose parts are read
}

func newTile(f *vec.Func) *scratch {
	c := &scratch{Func: f, row: vec.Base("c"), ldc: GP64(), now: GP64()}
	Load(Param("ldc"), c.ldc)
	SHLQ(Imm(2), c.ldc)
	return c
}

// next returns where a part of the row lies. Before the first part, it goes on
// to the row.
func (c *scratch) next(p part) Mem {
	if p.h == 0 {
		MOVQ(c.row, c.now)
		ADDQ(c.ldc, c.row)
	}
	return Mem{Base: c.now, Disp: 4 * c.Lanes * p.h}
}

func doc(s vec.Set) string { return fmt.Sprintf("stores rows of n <= %d values.", 2*s.Lanes) }

// eachRow writes the loop over the rows of an output. prepare loads what the rows
// share and returns the code that computes a part of the output.
func eachRow(f *vec.Func, prepare func([]part) func(part, place) reg.VecVirtual) {
	overRows(f, "dst", func(parts []part) (func(part, place), func()) {
		compute := prepare(parts)
		return func(p part, at place) { p.store(compute(p, at), at.out) }, func() {}
	})
}

// overRows writes a loop over the rows of an array, for rows of one vector and for
// rows of two; on AVX-512 also for rows of a half one, which crosses fewer lines of
// the cache. prepare loads what the rows share and returns the code for a part of a
// row, and that behind the loop.
func overRows(f *vec.Func, array string, prepare func([]part) (each func(part, place), last func())) {
	n := GP64()
	Load(Param("n"), n)
	type shape struct {
		vec.Set
		full int // vectors before the last one
	}
	shapes, set := []shape{{f.Set, 0}, {f.Set, 1}}, f.Set
	if f.Set == vec.AVX512 {
		shapes = append([]shape{{vec.AVX512VL, 0}}, shapes...)
	}
	for i, s := range shapes {
		f.Set = s.Set
		longer, full := f.Label("longer"), s.full
		if i < len(shapes)-1 {
			CMPQ(n, Imm(uint64(f.Lanes)))
			JG(LabelRef(longer))
		}
		if full > 0 {
			SUBQ(Imm(uint64(f.Lanes)), n)
		}
		parts := make([]part, full, full+1)
		for h := range parts {
			parts[h] = part{Func: f, h: h}
		}
		parts = append(parts, part{Func: f, h: full, n: n, mask: f.First(n)})
		each, last := prepare(parts)

		row, end := f.Label("row"), f.Label("end")
		base, outs, rows := vec.Base(array), vec.Base("outs"), vec.Len("outs")
		TESTQ(rows, rows)
		JZ(LabelRef(end))
		Label(row)
		at := place{GP64(), GP64()}
		MOVQ(Mem{Base: outs}, at.index)
		ADDQ(Imm(8), outs)
		LEAQ(Mem{Base: base, Index: at.index, Scale: 4}, at.out)
		for _, p := range parts {
			each(p, at)
		}
		DECQ(rows)
		JNZ(LabelRef(row))
		Label(end)
		last()
		f.End()
		if i < len(shapes)-1 {
			Label(longer)
		}
	}
	f.Set = set
}

// loadBias returns the parts of the bias. Without one they are -0, the number
// that changes no other in a sum (0 would turn -0 into 0).
func loadBias(f *vec.Func, parts []part) []reg.VecVirtual {
	bias := make([]reg.VecVirtual, len(parts))
	for i := range bias {
		bias[i] = f.Splat(1 << 31)
	}
	none, base := f.Label("none"), vec.Base("bias")
	TESTQ(base, base)
	JZ(LabelRef(none))
	loadParts(parts, base, bias)
	Label(none)
	return bias
}

// loadParts loads the parts of an array.
func loadParts(parts []part, base reg.Register, v []reg.VecVirtual) {
	for i, p := range parts {
		p.LoadFirst(p.mask, Mem{Base: base, Disp: 4 * p.Lanes * i}, v[i])
	}
}

// A part of a row is a full vector or, with a mask, its first n values.
type part struct {
	*vec.Func
	h    int // which vector of the row
	n    reg.GPVirtual
	mask reg.Register
}

func (p part) load(m Mem) reg.VecVirtual {
	v := p.New()
	p.LoadFirst(p.mask, m, v)
	return v
}

// store writes a part to the row at out. Masked stores of AVX2 are slow on
// some processors, so there the vector is written in pieces, one for each bit
// of n. They move out on, which is spent then.
func (p part) store(v reg.VecVirtual, out reg.Register) {
	m := Mem{Base: out, Disp: 4 * p.Lanes * p.h}
	switch {
	case p.mask == nil:
		VMOVUPS(v, m)
		return
	case p.Set != vec.AVX2:
		VMOVUPS(v, p.mask, m)
		return
	}
	low, done := v.AsX(), p.Label("done")
	without := func(size uint32) string {
		skip := p.Label("skip")
		TESTL(U32(size), p.n.As32())
		JZ(LabelRef(skip))
		return skip
	}
	skip := without(8)
	VMOVUPS(v, m)
	JMP(LabelRef(done))
	Label(skip)
	skip = without(4)
	VMOVUPS(low, m)
	ADDQ(Imm(16), out)
	VEXTRACTF128(Imm(1), v, low)
	Label(skip)
	skip = without(2)
	VMOVLPS(low, m)
	ADDQ(Imm(8), out)
	VMOVHLPS(low, low, low)
	Label(skip)
	skip = without(1)
	VMOVSS(low, m)
	Label(skip)
	Label(done)
}

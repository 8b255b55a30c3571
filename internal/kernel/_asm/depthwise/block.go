package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

// Both kernels find their terms by the same parameters: see the type walk in
// package kernel.
const walk = "aCol, aNext, at, xCol, xGroup, xBlock, xNext, groups, channels int, row *int, rows int, reach []uint32, shape int"

var walkSteps = []string{"aCol", "aNext", "at", "xCol", "xGroup", "xBlock", "xNext"}

// A group of leastGroup factors or more may have fewer: those that exist are in
// the bits from firstFactor on.
const (
	firstFactor = 1 << 24
	leastGroup  = 7
)

// A row of sums has an entry in a table: see the type Row in package kernel.
const (
	rowY = 8 * iota
	rowInit
	rowA
	rowX
	rowTerms
	rowSize
)

// inBytes turns parameters that count values of 4 bytes into bytes. What stays
// the same within a block stays in the memory of the parameters.
func inBytes(params ...string) {
	for _, p := range params {
		SHLQ(Imm(2), memory(Param(p)))
	}
}

func memory(c gotypes.Component) Mem {
	p, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// A block is the code for the sums of one shape.
type block struct {
	*vec.Func
	shape
	elem    int      // bytes in a value of a and of x
	lanes   int      // channels in a vector
	vecs    int      // vectors of channels at a time
	results []string // arrays in which every sum has its place

	// The row in work and the one behind the last: a group goes through all
	// rows, so that what it reads of x stays in the level 1 cache.
	row, end Mem
}

// A group is the code for some channels of a block.
type group struct {
	block
	part  bool          // the last vector may have fewer channels
	left  reg.GPVirtual // channels
	first reg.GPVirtual // channel
	reach reg.GPVirtual // of the block
}

// each writes the loop over blocks and, in each, over its channels: over groups
// of vecs vectors and, if tail is set, then over single vectors, of which the
// last may be filled in part. The loop over rows is within.
func (b block) each(body func(group), tail bool) {
	g := group{block: b, left: GP64(), first: GP64(), reach: GP64()}
	begin, end := b.Label("block"), b.Label("end")
	reach := Param("reach")
	CMPQ(memory(reach.Len()), Imm(0))
	JEQ(LabelRef(end))
	behind, size := Load(Param("rows"), GP64()), GP64()
	TESTQ(behind, behind)
	JLE(LabelRef(end))
	IMUL3Q(Imm(rowSize), behind, size)
	Load(Param("row"), behind)
	ADDQ(size, behind)
	MOVQ(behind, b.end)
	Label(begin)
	Load(reach.Base(), g.reach)
	XORQ(g.first, g.first)
	Load(Param("channels"), g.left)
	b.While(g.left, b.vecs*b.lanes, func() {
		g.eachRow(body)
		ADDQ(Imm(uint64(b.vecs*b.lanes)), g.first)
	})
	if tail {
		g.part, g.vecs = true, 1
		vector, next := b.Label("vector"), b.Label("next")
		Label(vector)
		TESTQ(g.left, g.left)
		JLE(LabelRef(next))
		g.eachRow(body)
		ADDQ(Imm(uint64(b.lanes)), g.first)
		SUBQ(Imm(uint64(b.lanes)), g.left)
		JMP(LabelRef(vector))
		Label(next)
	}

	step := GP64()
	for _, name := range b.results {
		Load(Param(name+"Step"), step)
		IMUL3Q(Imm(uint64(b.sums)), step, step)
		ADDQ(step, memory(Param(name).Base()))
	}
	Load(Param("xBlock"), step)
	ADDQ(step, memory(Param("at")))
	Load(Param("groups"), step)
	LEAQ(Mem{Base: g.reach, Index: step, Scale: 4, Disp: 4}, g.reach)
	Store(g.reach, reach.Base())
	INCQ(step)
	SUBQ(step, memory(reach.Len()))
	JG(LabelRef(begin))
	Label(end)
}

// eachRow writes the loop over rows.
func (g group) eachRow(body func(group)) {
	row, loop := GP64(), g.Label("rows")
	Load(Param("row"), row)
	MOVQ(row, g.row)
	Label(loop)
	body(g)
	row = GP64()
	MOVQ(g.row, row)
	ADDQ(Imm(rowSize), row)
	MOVQ(row, g.row)
	CMPQ(row, g.end)
	JNE(LabelRef(loop))
}

// registers returns n times as many registers as the group has vectors.
func (g group) registers(n int) [][]reg.VecVirtual {
	all := make([][]reg.VecVirtual, n)
	for i := range all {
		for range g.vecs {
			all[i] = append(all[i], g.New())
		}
	}
	return all
}

// zeros is registers with zeros in them.
func (g group) zeros(n int) [][]reg.VecVirtual {
	all := make([][]reg.VecVirtual, n)
	for i := range all {
		all[i] = g.Zeros(g.vecs)
	}
	return all
}

// of returns where the group's channels begin in an array with values of size
// bytes.
func (g group) of(param string, size int) Mem {
	base := Load(Param(param).Base(), GP64())
	LEAQ(Mem{Base: base, Index: g.first, Scale: uint8(size)}, base)
	return Mem{Base: base}
}

// ofRow is of within the row: field is the place in its entry of where it
// begins.
func (g group) ofRow(param string, size, field int) Mem {
	m, row := g.of(param, size), GP64()
	MOVQ(g.row, row)
	MOVQ(Mem{Base: row, Disp: field}, row)
	LEAQ(Mem{Base: m.Base, Index: row, Scale: uint8(size)}, m.Base)
	return m
}

// eachSum writes body for each sum that exists; m is its place in the array.
func (g group) eachSum(param string, field int, body func(i int, m Mem)) {
	m, step, bits, done := g.ofRow(param, 4, field), Load(Param(param+"Step"), GP64()), GP32(), g.Label("done")
	MOVL(Mem{Base: g.reach}, bits)
	for i := range g.sums {
		if i > 0 {
			TESTL(U32(1<<i), bits)
			JZ(LabelRef(done))
			ADDQ(step, m.Base)
		}
		body(i, m)
	}
	Label(done)
}

// A term is the code for the terms of a group of factors.
type term struct {
	before func()             // precedes a group, if not nil
	zero   func(f int)        // makes a factor zero
	factor func(f int, a Mem) // loads a factor
	column func(j int, x Mem) // adds to the sums what they have in a column
	lack   func(j int)        // if not nil, does what they need where the column does not exist
	after  func(j int)        // if not nil, follows either of them
}

// terms writes the loops over rows and groups of factors.
func (g group) terms(t term) {
	a, x := g.ofRow("a", g.elem, rowA), g.ofRow("x", g.elem, rowX)
	ADDQ(memory(Param("at")), x.Base)
	aCol, xCol := Load(Param("aCol"), GP64()), Load(Param("xCol"), GP64())
	reach, end, bits, rows := GP64(), GP64(), GP32(), GP64()
	MOVQ(g.row, rows)
	MOVQ(Mem{Base: rows, Disp: rowTerms}, rows)
	Load(Param("groups"), end)
	row, next, done := g.Label("row"), g.Label("group"), g.Label("done")
	TESTQ(end, end)
	JZ(LabelRef(done))
	LEAQ(Mem{Base: g.reach, Index: end, Scale: 4, Disp: 4}, end)
	TESTQ(rows, rows)
	JZ(LabelRef(done))
	Label(row)
	LEAQ(Mem{Base: g.reach, Disp: 4}, reach)
	Label(next)
	if t.before != nil {
		t.before()
	}
	MOVL(Mem{Base: reach}, bits)
	for f := range g.factors {
		if t.zero != nil && g.factors >= leastGroup {
			absent := g.Label("absent")
			t.zero(f)
			TESTL(U32(firstFactor<<f), bits)
			JZ(LabelRef(absent))
			t.factor(f, a)
			Label(absent)
		} else {
			t.factor(f, a)
		}
		ADDQ(aCol, a.Base)
	}
	column := Mem{Base: GP64()}
	MOVQ(x.Base, column.Base)
	for j := range g.sums + g.factors - 1 {
		if j > 0 {
			ADDQ(xCol, column.Base)
		}
		absent, present := g.Label("absent"), g.Label("present")
		TESTL(U32(1<<j), bits)
		JZ(LabelRef(absent))
		t.column(j, column)
		if t.lack == nil {
			Label(absent)
			continue
		}
		JMP(LabelRef(present))
		Label(absent)
		t.lack(j)
		Label(present)
		if t.after != nil {
			t.after(j)
		}
	}
	ADDQ(memory(Param("xGroup")), x.Base)
	ADDQ(Imm(4), reach)
	CMPQ(reach, end)
	JNE(LabelRef(next))
	ADDQ(memory(Param("aNext")), a.Base)
	ADDQ(memory(Param("xNext")), x.Base)
	DECQ(rows)
	JNZ(LabelRef(row))
	Label(done)
}

// masks returns the masks of the next n vectors of float32; they are nil in a
// group that has all its channels.
func (g group) masks(n int) []reg.Register {
	masks := make([]reg.Register, n)
	if !g.part {
		return masks
	}
	if g.Set == vec.AVX512 {
		bits := GP32()
		MOVL(U32(1<<32-1), bits)
		BZHIL(g.left.As32(), bits, bits)
		for i := range masks {
			mask := K()
			KMOVW(bits, mask)
			SHRL(Imm(16), bits)
			masks[i] = mask
		}
		return masks
	}
	left := GP64()
	MOVQ(g.left, left)
	for i := range masks {
		masks[i] = g.First(left)
		SUBQ(Imm(uint64(g.Lanes)), left)
	}
	return masks
}

// write writes body, which stores the results: a second time to store them past
// the caches, if the parameter stream says so. Only whole lines go past them. So
// what is left of the channels does not where vectors are half a line, nor where
// it does not fill its vectors. Codes are so small beside y that a kernel would
// rather wait for the lines that it writes: it fetches those of the next
// channels.
func (g group) write(body func(store func(v, mask reg.Register, m Mem))) {
	if g.part && g.Set == vec.AVX2 {
		body(g.store)
		return
	}
	plain, stored := g.Label("plain"), g.Label("stored")
	CMPB(memory(Param("stream")), Imm(0))
	JEQ(LabelRef(plain))
	if g.part {
		CMPQ(g.left, Imm(uint64(g.vecs*g.lanes)))
		JL(LabelRef(plain))
	}
	body(func(v, _ reg.Register, m Mem) { VMOVNTPS(v, m) })
	JMP(LabelRef(stored))
	Label(plain)
	body(func(v, mask reg.Register, m Mem) {
		g.store(v, mask, m)
		if g.elem == 1 && !g.part {
			PREFETCHT0(m.Offset(4 * g.vecs * g.lanes))
		}
	})
	Label(stored)
}

// store writes the lanes of a mask, or all if it is nil.
func (g group) store(v, mask reg.Register, m Mem) {
	switch {
	case mask == nil:
		VMOVUPS(v, m)
	case g.Set == vec.AVX512:
		VMOVUPS(v, mask, m)
	default:
		VMASKMOVPS(v, mask, m)
	}
}

// words returns the words in a vector that make the p-th vector of float32.
func (g group) words(v reg.VecVirtual, p int) reg.Register {
	high := reg.Register(XMM())
	switch {
	case p == 0 && g.Set == vec.AVX512:
		return v.AsY()
	case p == 0:
		return v.AsX()
	case g.Set == vec.AVX512:
		high = YMM()
		VEXTRACTI64X4(Imm(1), v, high)
	default:
		VEXTRACTI128(Imm(1), v, high)
	}
	return high
}

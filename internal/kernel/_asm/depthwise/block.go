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
const walk = "aCol, aNext, at, xCol, xGroup, xBlock, xNext, rows, groups, channels int, reach []uint32, shape int"

var walkSteps = []string{"aCol", "aNext", "at", "xCol", "xGroup", "xBlock", "xNext"}

// A group of wholeGroup factors may have fewer: those that exist are in the bits
// from firstFactor on.
const (
	firstFactor = 1 << 24
	wholeGroup  = 7
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
// last may be filled in part.
func (b block) each(body func(group), tail bool) {
	g := group{block: b, left: GP64(), first: GP64(), reach: GP64()}
	begin, end := b.Label("block"), b.Label("end")
	reach := Param("reach")
	CMPQ(memory(reach.Len()), Imm(0))
	JEQ(LabelRef(end))
	Label(begin)
	Load(reach.Base(), g.reach)
	XORQ(g.first, g.first)
	Load(Param("channels"), g.left)
	b.While(g.left, b.vecs*b.lanes, func() {
		body(g)
		ADDQ(Imm(uint64(b.vecs*b.lanes)), g.first)
	})
	if tail {
		g.part, g.vecs = true, 1
		vector, next := b.Label("vector"), b.Label("next")
		Label(vector)
		TESTQ(g.left, g.left)
		JLE(LabelRef(next))
		body(g)
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

// eachSum writes body for each sum that exists; m is its place in the array.
func (g group) eachSum(param string, body func(i int, m Mem)) {
	m, step, bits, done := g.of(param, 4), Load(Param(param+"Step"), GP64()), GP32(), g.Label("done")
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
	a, x := g.of("a", g.elem), g.of("x", g.elem)
	ADDQ(memory(Param("at")), x.Base)
	aCol, xCol := Load(Param("aCol"), GP64()), Load(Param("xCol"), GP64())
	reach, end, bits, rows := GP64(), GP64(), GP32(), Load(Param("rows"), GP64())
	Load(Param("groups"), end)
	LEAQ(Mem{Base: g.reach, Index: end, Scale: 4, Disp: 4}, end)

	row, next, done := g.Label("row"), g.Label("group"), g.Label("done")
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
		if t.zero != nil && g.factors == wholeGroup {
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

// store writes the lanes of a mask, or all if it is nil.
func (g group) store(v reg.Register, mask reg.Register, m Op) {
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

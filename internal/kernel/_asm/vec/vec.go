// Package vec lets one generator write a kernel for every instruction set.
//
// The kernels walk over arrays of float32 in pieces. A piece is what one
// instruction handles: a full vector, or a part of one where an array ends.
// The code for a piece is written once, with the registers and addresses that
// the piece hands out.
package vec

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A Set is an instruction set.
type Set struct {
	Name  string // as it ends the names of functions
	Lanes int    // float32 values in a vector
}

// The sets that kernels are written for.
var (
	AVX2   = Set{Name: "AVX2", Lanes: 8}
	AVX512 = Set{Name: "AVX512", Lanes: 16}
)

// AVX512VL is AVX-512 on vectors of half the length, for what would fill no more
// of a full one. Some processors execute a full one as two halves.
var AVX512VL = Set{Name: "AVX512", Lanes: 8}

// New returns a fresh vector register.
func (s Set) New() reg.VecVirtual {
	if s == AVX512 {
		return ZMM()
	}
	return YMM()
}

// Zeros returns n vector registers that hold zeros.
func (s Set) Zeros(n int) []reg.VecVirtual {
	rs := make([]reg.VecVirtual, n)
	for i := range rs {
		rs[i] = s.New()
		VXORPS(rs[i], rs[i], rs[i])
	}
	return rs
}

// Broadcast returns a vector register with the float32 parameter in every lane.
func (s Set) Broadcast(param string) reg.VecVirtual {
	p, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	r := s.New()
	VBROADCASTSS(p.Addr, r)
	return r
}

// Fold combines the vectors, a power of two of them, by op, and the lanes of
// the result too: what it returns is in lane 0. op computes c = a op b.
func (s Set) Fold(rs []reg.VecVirtual, op func(a, b, c Op)) reg.Register {
	for n := len(rs) / 2; n > 0; n /= 2 {
		for i := range n {
			op(rs[n+i], rs[i], rs[i])
		}
	}
	r := rs[0]
	if s == AVX512 {
		high := YMM()
		VEXTRACTF64X4(Imm(1), r, high)
		op(high, r.AsY(), r.AsY())
	}
	high := XMM()
	VEXTRACTF128(Imm(1), r.AsY(), high)
	op(high, r.AsX(), r.AsX())
	VPERMILPS(Imm(0b01_00_11_10), r.AsX(), high)
	op(high, r.AsX(), r.AsX())
	VPERMILPS(Imm(0b10_11_00_01), r.AsX(), high)
	op(high, r.AsX(), r.AsX())
	return r.AsX()
}

// A Func is a function being written for a Set.
type Func struct {
	Set
	labels int
	past   bool // full vectors are stored past the caches
}

// Begin begins the function whose name is that of the kernel and the set.
func (s Set) Begin(kernel, signature string, doc ...string) *Func {
	TEXT(kernel+s.Name, attr.NOSPLIT, "func"+signature)
	Pragma("noescape")
	doc[0] = kernel + s.Name + " " + doc[0]
	Doc(doc...)
	return &Func{Set: s}
}

// End ends the function.
func (f *Func) End() {
	VZEROUPPER()
	RET()
}

// EndWith ends the function with the float32 in lane 0 as its result.
func (f *Func) EndWith(r reg.Register) {
	VZEROUPPER()
	Store(r, ReturnIndex(0))
	RET()
}

// EndEither writes the rest of the function twice: with stores of full vectors past
// the caches, for a parameter that is true, and with ordinary ones. Where it is
// true, these vectors are aligned.
func (f *Func) EndEither(past string, body func()) {
	flag, plain := GP8(), f.Label("plain")
	Load(Param(past), flag)
	TESTB(flag, flag)
	JZ(LabelRef(plain))
	f.past = true
	body()
	SFENCE() // other processors see the stores once they see what follows
	f.End()
	Label(plain)
	f.past = false
	body()
	f.End()
}

// Full returns the n-th of neighbouring full vectors, as Set's.
func (f *Func) Full(n int, index reg.Register) Piece {
	p := f.Set.Full(n, index)
	p.past = f.past
	return p
}

// Label returns a name for a label that the function does not have yet.
func (f *Func) Label(what string) string {
	f.labels++
	return fmt.Sprintf("%s%d", what, f.labels)
}

// Base returns a register with the address of the slice parameter.
func Base(param string) reg.GPVirtual {
	b := GP64()
	Load(Param(param).Base(), b)
	return b
}

// Address returns where in memory the address of the slice parameter lies.
func Address(param string) Mem {
	p, err := Param(param).Base().Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// Len returns a register with the length of the slice parameter.
func Len(param string) reg.GPVirtual {
	n := GP64()
	Load(Param(param).Len(), n)
	return n
}

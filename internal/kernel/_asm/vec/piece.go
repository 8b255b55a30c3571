package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A Piece is a run of neighbouring values that the lanes of one register hold,
// at the same offset in every array.
type Piece struct {
	N     int // counts the pieces of an unrolled loop
	set   Set
	lanes int
	index reg.Register // the offset is index values and disp bytes
	disp  int
	mask  reg.Register // of the valid lanes; nil if all are
	past  bool         // stored past the caches where all are
}

// Full returns the n-th of neighbouring full vectors, of which the first has
// its offset, counted in values, in a register.
func (s Set) Full(n int, index reg.Register) Piece {
	return Piece{N: n, set: s, lanes: s.Lanes, index: index, disp: 4 * s.Lanes * n}
}

// Part returns the first n values, at most Lanes, as one masked piece.
func (s Set) Part(n reg.GPVirtual) Piece {
	index := GP64()
	XORQ(index, index)
	p := s.Full(0, index)
	p.mask = s.First(n)
	return p
}

// Mem returns where the piece lies in the array at base.
func (p Piece) Mem(base reg.Register) Mem {
	return Mem{Base: base, Index: p.index, Scale: 4, Disp: p.disp}
}

// At returns where the piece lies in the array at base, whose values have the
// given size in bytes.
func (p Piece) At(base reg.Register, size int) Mem {
	return Mem{Base: base, Index: p.index, Scale: uint8(size), Disp: p.disp / 4 * size}
}

// Mask returns the mask of the piece's lanes; nil stands for all lanes.
func (p Piece) Mask() reg.Register { return p.mask }

// New returns a fresh register of the piece's width.
func (p Piece) New() reg.VecVirtual {
	switch {
	case p.lanes == 16:
		return ZMM()
	case p.lanes == 8:
		return YMM()
	}
	return XMM()
}

// Of returns the part of a vector register that has the piece's width.
func (p Piece) Of(r reg.VecVirtual) reg.Register {
	switch p.lanes {
	case 16:
		return r.AsZ()
	case 8:
		return r.AsY()
	}
	return r.AsX()
}

// Load returns a register with the piece of the array at base, and zeros in
// the lanes beyond it.
func (p Piece) Load(base reg.Register) reg.VecVirtual {
	r, m := p.New(), p.Mem(base)
	switch p.lanes {
	case 1:
		VMOVSS(m, r)
	case 2:
		VMOVSD(m, r)
	default:
		p.set.LoadFirst(p.mask, m, r)
	}
	return r
}

// Operand returns the piece of the array at base as an operand: the memory
// itself if an instruction may read a whole register there.
func (p Piece) Operand(base reg.Register) Op {
	if p.mask == nil && p.lanes >= 4 {
		return p.Mem(base)
	}
	return p.Load(base)
}

// Store writes the piece to the array at base.
func (p Piece) Store(r, base reg.Register) {
	m := p.Mem(base)
	switch {
	case p.past && p.mask == nil && p.lanes == p.set.Lanes:
		VMOVNTPS(r, m)
	case p.mask != nil && p.set != AVX2:
		VMOVUPS(r, p.mask, m)
	case p.mask != nil:
		panic("vec: masked stores are slow on AVX2: write the loop with Each")
	case p.lanes == 1:
		VMOVSS(r, m)
	case p.lanes == 2:
		VMOVSD(r, m)
	default:
		VMOVUPS(r, m)
	}
}

// Expect has the piece of the array at base brought to the second cache, in code that
// stores past the caches: where the arrays are that long, they are in memory. The
// piece may lie beyond the array.
func (p Piece) Expect(base reg.Register) {
	if p.past {
		PREFETCHT1(p.Mem(base))
	}
}

// Keep sets the lanes of r beyond the piece to zero.
func (p Piece) Keep(r reg.Register) {
	switch {
	case p.mask != nil && p.set != AVX2:
		VMOVAPS_Z(r, p.mask, r)
	case p.mask != nil:
		VANDPS(p.mask, r, r)
	}
}

// A Where says for each lane of a piece whether a condition holds: in a mask
// register (AVX-512) or in the bits of a vector (AVX2).
type Where reg.Register

// Unless returns where y <= bound does not hold: where y is greater, or where
// one of them is a NaN.
func (p Piece) Unless(y Op, bound reg.Register) Where {
	const notGreaterEqual = 9 // the predicate NGE_UQ, of bound and y
	var w Where = p.New()
	if p.set != AVX2 {
		w = K()
	}
	VCMPPS(Imm(notGreaterEqual), y, bound, w)
	return w
}

// LoadWhere returns a register with the piece of the array at base where w
// holds, and zeros elsewhere.
func (p Piece) LoadWhere(w Where, base reg.Register) reg.Register {
	if p.set != AVX2 {
		r := p.Load(base)
		VMOVAPS_Z(r, w, r)
		return r
	}
	r := p.New()
	VANDPS(p.Operand(base), w, r)
	return r
}

package vec

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A Predicate compares two values a and b. The negative ones hold where one of
// them is a NaN, the others do not.
type Predicate uint64

// The predicates.
const (
	Less       Predicate = 17
	NotLess    Predicate = 21
	NotAtMost  Predicate = 22
	NotAtLeast Predicate = 25
	Greater    Predicate = 30
)

// Is returns where the predicate holds for a and b.
func (p Piece) Is(a reg.Register, is Predicate, b Op) Where {
	var w Where = p.New()
	if p.set == AVX512 {
		w = K()
	}
	VCMPPS(Imm(uint64(is)), b, a, w)
	return w
}

// Negative returns where the sign bit of v is set.
func (p Piece) Negative(v reg.Register) Where {
	if p.set == AVX2 {
		return v // only the sign bits of a Where count for Select
	}
	w := K()
	VPMOVD2M(v, w)
	return w
}

// Select returns a register with yes where w holds, and no elsewhere.
func (p Piece) Select(w Where, yes Op, no reg.Register) reg.VecVirtual {
	r := p.New()
	if p.set == AVX512 {
		VBLENDMPS(yes, no, w, r)
	} else {
		VBLENDVPS(w, yes, no, r)
	}
	return r
}

// Only sets r to zero where w does not hold. w comes from a comparison.
func (p Piece) Only(w Where, r reg.Register) {
	if p.set == AVX512 {
		VMOVAPS_Z(r, w, r)
	} else {
		VANDPS(w, r, r)
	}
}

// KeepOr sets the lanes of r beyond the piece to those of other.
func (p Piece) KeepOr(r, other reg.Register) {
	switch {
	case p.mask != nil && p.set == AVX512:
		VBLENDMPS(r, other, p.mask, r)
	case p.mask != nil:
		VBLENDVPS(p.mask, r, other, r)
	}
}

// StoreMasked is Store for the pieces of EachMasked, too. A masked store takes
// AVX2 a dozen cycles or more: it is for loops whose turns take as long.
func (p Piece) StoreMasked(r, base reg.Register) {
	if p.mask != nil && p.set == AVX2 {
		VMASKMOVPS(r, p.mask, p.Mem(base))
		return
	}
	p.Store(r, base)
}

// SplatFloat returns a vector register with a constant in every lane.
func (s Set) SplatFloat(v float32) reg.VecVirtual { return s.Splat(math.Float32bits(v)) }

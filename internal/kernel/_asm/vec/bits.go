package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Bits are masks in memory with a bit for each value, in words of 64 values.
type Bits struct {
	base reg.Register
	lane reg.VecVirtual // AVX2: the bit of each lane
}

// Bits returns the masks of the slice parameter.
func (s Set) Bits(param string) Bits {
	b := Bits{base: Base(param)}
	if s == AVX2 {
		b.lane = YMM()
		bits := GP64()
		MOVQ(U64(0x80_40_20_10_08_04_02_01), bits)
		VMOVQ(bits, b.lane.AsX())
		VPMOVZXBD(b.lane.AsX(), b.lane)
	}
	return b
}

// Set returns where the bits of a piece of whole registers are 1. Beyond the
// piece they may be anything.
func (b Bits) Set(p Piece) Where {
	at := GP64()
	MOVQ(p.index, at)
	SHRQ(Imm(3), at)
	m := Mem{Base: b.base, Index: at, Scale: 1, Disp: p.disp / 4 / 8}
	if p.set == AVX512 {
		w := K()
		KMOVW(m, w)
		return w
	}
	w := YMM()
	VPBROADCASTB(m, w)
	VPAND(b.lane, w, w)
	VPCMPEQD(b.lane, w, w)
	return w
}

package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// First returns a mask of the first n lanes, 0 <= n <= Lanes: a mask register
// (AVX-512) or a vector with all bits of these lanes set (AVX2).
func (s Set) First(n reg.GPVirtual) reg.Register {
	if s != AVX2 {
		bits, mask := GP32(), K()
		XORL(bits, bits)
		BTSL(n.As32(), bits)
		DECL(bits)
		KMOVW(bits, mask)
		return mask
	}
	count, lane, lanes := YMM(), YMM(), GP64()
	VMOVD(n.As32(), count.AsX())
	VPBROADCASTD(count.AsX(), count)
	MOVQ(U64(0x07_06_05_04_03_02_01_00), lanes)
	VMOVQ(lanes, lane.AsX())
	VPMOVZXBD(lane.AsX(), lane)
	VPCMPGTD(lane, count, count)
	return count
}

// LoadFirst loads the lanes of a mask that First returned, and clears the
// others. A nil mask stands for all lanes.
func (s Set) LoadFirst(mask reg.Register, m Mem, v reg.Register) {
	switch {
	case mask == nil:
		VMOVUPS(m, v)
	case s != AVX2:
		VMOVUPS_Z(m, mask, v)
	default:
		VMASKMOVPS(m, mask, v)
	}
}

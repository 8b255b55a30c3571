package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Splat returns a vector register with a constant in every 32-bit lane.
func (s Set) Splat(bits uint32) reg.VecVirtual {
	r, low, v := GP32(), XMM(), s.New()
	MOVL(U32(bits), r)
	VMOVD(r, low)
	VPBROADCASTD(low, v)
	return v
}

package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// EachOfTile calls do with the place in c of each vector of a tile of outer products,
// which are those of its first n columns in mr rows of ldc values. It is for functions
// of the parameters c, ldc and cols, as package kernel describes them.
func EachOfTile(mr, n int, do func(i, h int, c Mem)) {
	c, ldc, cols := Base("c"), Load(Param("ldc"), GP64()), Base("cols")
	var at []reg.GPVirtual
	for h := range n {
		at = append(at, GP64())
		MOVQ(Mem{Base: cols, Disp: 16 * h}, at[h])
		LEAQ(Mem{Base: c, Index: at[h], Scale: 4}, at[h])
	}
	for i := range mr {
		for h := range n {
			do(i, h, Mem{Base: at[h]})
			if i < mr-1 {
				LEAQ(Mem{Base: at[h], Index: ldc, Scale: 4}, at[h])
			}
		}
	}
}

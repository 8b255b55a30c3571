package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Cases writes a body for each number that the value may be. Each body ends the
// function, and the last one is reached without a comparison.
func (f *Func) Cases(value reg.Register, numbers []int, body func(i int)) {
	last := len(numbers) - 1
	for i, n := range numbers[:last] {
		other := f.Label("other")
		CMPQ(value, Imm(uint64(n)))
		JNE(LabelRef(other))
		body(i)
		Label(other)
	}
	body(last)
}

package vec

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
)

// VDPBF16PS w, x, sum adds to every float32 of sum the products of the two
// bfloat16 in that lane of w and x. The assembler of Go does not know the instruction: the
// command dotbf16 replaces it by its bytes in what is generated.
func VDPBF16PS(ops ...Op) {
	Instruction(&ir.Instruction{
		Opcode:   "VDPBF16PS",
		Operands: ops,
		Inputs:   ops,
		Outputs:  ops[2:],
		ISA:      []string{"AVX512_BF16"},
	})
}

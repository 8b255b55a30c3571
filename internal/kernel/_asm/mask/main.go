// Command mask writes the kernel that works under a mask of bits.
package main

import (
	. "github.com/mmcloughlin/avo/build"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../mask_amd64.s -stubs ../../mask_stubs_amd64.go -pkg kernel

const unroll = 4

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		scaleWhere(s)
	}
	Generate()
}

func scaleWhere(s vec.Set) {
	f := s.Begin("scaleWhere", "(dst []float32, a float32, x []float32, mask []uint8)",
		"computes dst[i] = a*x[i] where bit i of the mask is 1, else 0.")
	dst, a, x, mask, n := vec.Base("dst"), s.Broadcast("a"), vec.Base("x"), s.Bits("mask"), vec.Len("dst")
	f.EachMasked(n, unroll, func(p vec.Piece) {
		v := p.New()
		VMULPS(p.Operand(x), a, v)
		p.Only(mask.Set(p), v)
		p.StoreMasked(v, dst)
	})
	f.End()
}

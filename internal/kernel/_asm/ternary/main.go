// Command ternary writes the packing of ternary weights for lookups.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../ternary_amd64.s -stubs ../../ternary_stubs_amd64.go -pkg kernel

// Weights of one lookup, and lookups of one step of the panel, as package kernel
// knows them.
const (
	triple  = 3
	lookups = 4
)

func main() {
	ConstraintExpr("!purego")
	f := vec.AVX512.Begin("packTernary", "(dst []uint8, codes []int8, stride int)", "packs 12 rows of codes.")
	dst, codes, n, stride := vec.Base("dst"), vec.Base("codes"), vec.Len("dst"), Load(Param("stride"), GP64())
	SHRQ(Imm(2), n)
	f.Each(n, 1, func(p vec.Piece) {
		row := GP64()
		MOVQ(codes, row)
		next := func() reg.VecVirtual {
			v := f.New()
			if p.Mask() == nil {
				VPMOVSXBD(p.At(row, 1), v)
			} else {
				VPMOVSXBD_Z(p.At(row, 1), p.Mask(), v)
			}
			ADDQ(stride, row)
			return v
		}
		all := f.Zeros(1)[0]
		for i := range lookups {
			var w [triple]reg.VecVirtual
			for j := range w {
				w[j] = next()
			}
			Comment("v = w0 + 3*(w1 + 3*w2)")
			v, twice, negative := w[2], f.New(), f.New()
			for _, w := range []reg.VecVirtual{w[1], w[0]} {
				VPADDD(v, v, twice)
				VPADDD(twice, v, v)
				VPADDD(w, v, v)
			}
			VPSRLD(Imm(31), v, negative)
			VPSLLD(Imm(4), negative, negative)
			VPABSD(v, v)
			VPORD(negative, v, v)
			if i > 0 {
				VPSLLD(Imm(uint64(8*i)), v, v)
			}
			VPORD(v, all, all)
		}
		p.Store(all, dst)
	})
	f.End()
	Generate()
}

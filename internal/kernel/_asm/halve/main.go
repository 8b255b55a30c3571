// Command halve writes the kernels of 2x2 mean pooling.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../halve_amd64.s -stubs ../../halve_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		halve(s)
		halveGrad(s)
	}
	Generate()
}

func halve(s vec.Set) {
	f := s.Begin("halve", "(y, top, bottom []float32, c int)", "computes the means of 2x2 pixels of c channels.")
	quarter := s.Splat(math.Float32bits(0.25))
	pixels(f, "y", "top", "bottom", func(p vec.Piece, y reg.Register, four [4]reg.Register) {
		left, right := p.Load(four[0]), p.Load(four[1])
		VADDPS(p.Operand(four[2]), left, left)
		VADDPS(p.Operand(four[3]), right, right)
		VADDPS(right, left, left)
		VMULPS(p.Of(quarter), left, left)
		p.Store(left, y)
	})
}

func halveGrad(s vec.Set) {
	f := s.Begin("halveGrad", "(dtop, dbottom, dy []float32, c int)", "gives each of 2x2 pixels of c channels a quarter of dy.")
	quarter := s.Splat(math.Float32bits(0.25))
	pixels(f, "dy", "dtop", "dbottom", func(p vec.Piece, dy reg.Register, four [4]reg.Register) {
		g := p.Load(dy)
		VMULPS(p.Of(quarter), g, g)
		for _, dx := range four {
			p.Store(g, dx)
		}
	})
}

// pixels writes the loop over the pixels of a small row and the pieces of
// their channels. four are the addresses of the pixels above it: top left and
// right, bottom left and right. On AVX-512, few channels are one piece of half a
// vector, whose stores cross fewer lines of the cache.
func pixels(f *vec.Func, small, top, bottom string, body func(p vec.Piece, small reg.Register, four [4]reg.Register)) {
	y, left := vec.Base(small), vec.Len(small)
	size := GP64() // of a pixel, in bytes
	Load(Param("c"), size)
	SHLQ(Imm(2), size)
	four := [4]reg.Register{vec.Base(top), GP64(), vec.Base(bottom), GP64()}
	LEAQ(Mem{Base: four[0], Index: size, Scale: 1}, four[1])
	LEAQ(Mem{Base: four[2], Index: size, Scale: 1}, four[3])
	c := GP64()
	Load(Param("c"), c)
	loop := func(pieces func()) {
		pixel, done := f.Label("pixel"), f.Label("done")
		Label(pixel)
		TESTQ(left, left)
		JLE(LabelRef(done))
		SUBQ(c, left)
		pieces()
		ADDQ(size, y)
		for _, x := range four {
			LEAQ(Mem{Base: x, Index: size, Scale: 2}, x)
		}
		JMP(LabelRef(pixel))
		Label(done)
		f.End()
	}
	few := f.Label("few")
	if f.Set == vec.AVX512 {
		CMPQ(c, Imm(uint64(vec.AVX512VL.Lanes)))
		JLE(LabelRef(few))
	}
	loop(func() {
		n := GP64()
		MOVQ(c, n)
		f.Each(n, 1, func(p vec.Piece) { body(p, y, four) })
	})
	if f.Set == vec.AVX512 {
		Label(few)
		p := vec.AVX512VL.Part(c)
		loop(func() { body(p, y, four) })
	}
}

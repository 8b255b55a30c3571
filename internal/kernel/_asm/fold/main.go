// Command fold writes the sum of overlapping windows.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../fold_amd64.s -stubs ../../fold_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	foldRow(vec.AVX512VL)
	Generate()
}

// foldRow keeps a pixel in one vector. From one tap to the next, its part is a window
// earlier and a pixel later.
func foldRow(s vec.Set) {
	f := s.Begin("foldRow", "(dst, src []float32, channels, taps, window, pad int)", "adds up the windows of pixels of up to 8 channels.")
	dst, end := vec.Base("dst"), vec.Len("dst")
	src, behind := vec.Base("src"), vec.Len("src")
	pixel, taps := GP64(), Load(Param("taps"), GP64())
	Load(Param("channels"), pixel)
	mask := f.First(pixel)
	LEAQ(Mem{Base: dst, Index: end, Scale: 4}, end)
	LEAQ(Mem{Base: src, Index: behind, Scale: 4}, behind)
	SHLQ(Imm(2), pixel)
	window, back, last := Load(Param("window"), GP64()), GP64(), GP64()
	SHLQ(Imm(2), window)
	MOVQ(pixel, back)
	SUBQ(window, back)
	MOVQ(back, last) // from the first tap's part to the last one's
	IMULQ(taps, last)
	SUBQ(back, last)
	first := Load(Param("pad"), GP64()) // the first tap's part of the pixel, which may lie behind src
	IMULQ(window, first)
	ADDQ(src, first)

	next, done := f.Label("pixel"), f.Label("done")
	Label(next)
	CMPQ(dst, end)
	JEQ(LabelRef(done))
	at, lowest, sum := GP64(), GP64(), f.New()
	LEAQ(Mem{Base: first, Index: last, Scale: 1}, lowest)
	CMPQ(lowest, src)
	CMOVQLT(src, lowest)
	MOVQ(first, at)
	VXORPS(sum, sum, sum)
	skip, inside, tap := f.Label("skip"), f.Label("inside"), f.Label("tap")
	Label(skip)
	CMPQ(at, behind)
	JLT(LabelRef(inside))
	ADDQ(back, at)
	JMP(LabelRef(skip))
	Label(tap)
	VADDPS_Z(Mem{Base: at}, sum, mask, sum)
	ADDQ(back, at)
	Label(inside)
	CMPQ(at, lowest)
	JGE(LabelRef(tap))
	VMOVUPS(sum, mask, Mem{Base: dst})
	ADDQ(pixel, dst)
	ADDQ(window, first)
	JMP(LabelRef(next))
	Label(done)
	f.End()
}

// Command maxpool writes the kernels of max pooling.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../maxpool_amd64.s -stubs ../../maxpool_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		maxPool(s)
		maxPoolGrad(s)
	}
	Generate()
}

// Predicates of comparisons.
const (
	equal     = 0
	unordered = 3 // one of two values is a NaN
)

const unroll = 1

func maxPool(s vec.Set) {
	f := s.Begin("maxPool", "(y, x []float32, line, rows, cols int)",
		"computes the greatest of rows x cols pixels of len(y) channels.")
	y, n := vec.Base("y"), vec.Len("y")
	f.Each(n, unroll, func(p vec.Piece) {
		var most reg.VecVirtual
		taps(f, func(x reg.Register) { most = p.Load(x) }, func(x reg.Register) {
			v := p.Load(x)
			isNaN := where(p, s)
			VCMPPS(Imm(unordered), v, v, isNaN)
			VMAXPS(most, v, most) // most comes out where one is a NaN
			replace(s, isNaN, v, most)
		})
		p.Store(most, y)
	})
	f.End()
}

// maxPoolGrad gives what is left of dy to each pixel that has the maximum.
func maxPoolGrad(s vec.Set) {
	f := s.Begin("maxPoolGrad", "(dx, x, y, dy []float32, line, rows, cols int)",
		"adds dy to dx at the first of rows x cols pixels that is y.")
	toDX := GP64() // from x to dx, in bytes
	Load(Param("dx").Base(), toDX)
	SUBQ(vec.Base("x"), toDX)
	y, dy, n := vec.Base("y"), vec.Base("dy"), vec.Len("y")
	f.Each(n, unroll, func(p vec.Piece) {
		most, rest := p.Load(y), p.Load(dy)
		tap := func(x reg.Register) {
			v, is := p.Load(x), where(p, s)
			VCMPPS(Imm(equal), v, most, is)
			at := GP64()
			LEAQ(Mem{Base: x, Index: toDX, Scale: 1}, at)
			d := p.Load(at)
			share := p.New()
			if s == vec.AVX512 {
				VMOVAPS_Z(rest, is, share)
			} else {
				VANDPS(rest, is, share)
			}
			VADDPS(share, d, d)
			p.Store(d, at)
			if s == vec.AVX512 {
				KNOTW(is, is)
				VMOVAPS_Z(rest, is, rest)
			} else {
				VANDNPS(rest, is, rest)
			}
		}
		taps(f, nil, tap)
	})
	f.End()
}

// taps writes the loop over rows and columns of a window; x is the address of a
// pixel. first, unless nil, has the first pixel before the loop has it too.
func taps(f *vec.Func, first, tap func(x reg.Register)) {
	x, line, step := vec.Base("x"), GP64(), GP64()
	Load(Param("line"), line)
	SHLQ(Imm(2), line)
	MOVQ(vec.Len("y"), step)
	SHLQ(Imm(2), step)
	if first != nil {
		first(x)
	}
	rows := GP64()
	Load(Param("rows"), rows)
	row, col := f.Label("row"), f.Label("col")
	Label(row)
	at, cols := GP64(), GP64()
	MOVQ(x, at)
	Load(Param("cols"), cols)
	Label(col)
	tap(at)
	ADDQ(step, at)
	DECQ(cols)
	JNZ(LabelRef(col))
	ADDQ(line, x)
	DECQ(rows)
	JNZ(LabelRef(row))
}

func where(p vec.Piece, s vec.Set) reg.Register {
	if s == vec.AVX512 {
		return K()
	}
	return p.New()
}

// replace sets r to v where w holds.
func replace(s vec.Set, w reg.Register, v, r reg.VecVirtual) {
	if s == vec.AVX512 {
		VMOVAPS(v, w, r)
	} else {
		VBLENDVPS(w, v, r, r)
	}
}

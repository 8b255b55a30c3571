package vec

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// While writes a loop that runs as long as left is at least size, and takes
// size from it in each turn.
func (f *Func) While(left reg.Register, size int, body func()) {
	loop, done := f.Label("loop"), f.Label("done")
	SUBQ(U32(uint32(size)), left)
	JL(LabelRef(done))
	Label(loop)
	body()
	SUBQ(U32(uint32(size)), left)
	JGE(LabelRef(loop))
	Label(done)
	ADDQ(U32(uint32(size)), left)
}

// Each writes the loop over arrays of n values: first over groups of unroll
// vectors, then over vectors, then over what is left, as a masked piece
// (AVX-512) or as pieces of 4, 2 and 1 values (AVX2). It uses n up.
func (f *Func) Each(n reg.GPVirtual, unroll int, body func(Piece)) {
	index := f.vectors(n, unroll, body)
	if f.Set != AVX2 {
		f.masked(n, index, body)
		return
	}
	for lanes := f.Lanes / 2; lanes > 0; lanes /= 2 {
		f.While(n, lanes, func() {
			body(Piece{set: f.Set, lanes: lanes, index: index})
			ADDQ(Imm(uint64(lanes)), index)
		})
	}
}

// EachMasked is Each with a masked last piece on AVX2 too. It is for loops
// that only read: masked loads are fast everywhere, masked stores are not.
func (f *Func) EachMasked(n reg.GPVirtual, unroll int, body func(Piece)) {
	index := f.vectors(n, unroll, body)
	f.masked(n, index, body)
}

// vectors writes the loops over full vectors. It returns the register with the
// offset of what is left.
func (f *Func) vectors(n reg.GPVirtual, unroll int, body func(Piece)) reg.Register {
	index := GP64()
	XORQ(index, index)
	for _, vectors := range []int{unroll, 1} {
		f.While(n, vectors*f.Lanes, func() {
			for i := range vectors {
				body(f.Full(i, index))
			}
			ADDQ(U32(uint32(vectors*f.Lanes)), index)
		})
	}
	return index
}

// masked writes the code for the last piece, of n values, fewer than a vector.
func (f *Func) masked(n reg.GPVirtual, index reg.Register, body func(Piece)) {
	skip := f.Label("skip")
	TESTQ(n, n)
	JZ(LabelRef(skip))
	p := f.Full(0, index)
	p.mask = f.First(n)
	body(p)
	Label(skip)
}

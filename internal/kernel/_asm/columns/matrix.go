package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

// A matrix is what a function walks over: rows of cols values, size in all.
type matrix struct {
	*vec.Func
	cols, size reg.GPVirtual
}

// A group is a number of vectors of neighbouring columns. Their parameters and
// sums stay in registers on the way down the rows.
type group struct {
	*matrix
	width  int // vectors
	unroll int // rows in one turn of the loop
	col    reg.GPVirtual
}

// groups writes the loop over groups of four vectors of columns; a group of two
// and a group of one take what is left. Smaller groups have more rows in a
// turn, so that there are always enough additions that need not wait for each
// other.
func (m *matrix) groups(body func(group)) {
	col, left := GP64(), GP64()
	XORQ(col, col)
	MOVQ(m.cols, left)
	for _, g := range []group{{m, 4, 1, col}, {m, 2, 2, col}, {m, 1, 4, col}} {
		m.While(left, g.width*m.Lanes, func() {
			body(g)
			ADDQ(U32(uint32(g.width*m.Lanes)), col)
		})
	}
}

// rows writes the loop down the rows: several in a turn, then one by one. row
// counts the rows of a turn; ps are the pieces of the group in that row.
func (g group) rows(body func(row int, ps []vec.Piece)) {
	at := make([]reg.GPVirtual, g.unroll)
	for row := range at {
		at[row] = GP64()
		if row == 0 {
			MOVQ(g.col, at[0])
		} else {
			LEAQ(Mem{Base: at[row-1], Index: g.cols, Scale: 1}, at[row])
		}
	}
	turn := func(rows int) {
		loop, done := g.Label("row"), g.Label("done")
		Label(loop)
		CMPQ(at[rows-1], g.size)
		JGE(LabelRef(done))
		for row := range rows {
			body(row, g.pieces(at[row]))
		}
		for row := range rows {
			LEAQ(Mem{Base: at[row], Index: g.cols, Scale: uint8(rows)}, at[row])
		}
		JMP(LabelRef(loop))
		Label(done)
	}
	if g.unroll > 1 {
		turn(g.unroll)
	}
	turn(1)
}

// pieces returns the pieces of the group in the row that starts at the offset.
func (g group) pieces(at reg.GPVirtual) []vec.Piece {
	ps := make([]vec.Piece, g.width)
	for i := range ps {
		ps[i] = g.Full(i, at)
	}
	return ps
}

// load returns registers with the group's part of the vector of cols values at base.
func (g group) load(base reg.Register) []reg.VecVirtual {
	rs := make([]reg.VecVirtual, g.width)
	for i, p := range g.pieces(g.col) {
		rs[i] = p.Load(base)
	}
	return rs
}

// parameters returns operands with the group's part of the vector at base: AVX2
// has no registers left for them.
func (g group) parameters(base reg.Register) []Op {
	ops := make([]Op, g.width)
	for i, p := range g.pieces(g.col) {
		if ops[i] = p.Mem(base); g.Set == vec.AVX512 {
			ops[i] = p.Load(base)
		}
	}
	return ops
}

// accumulators returns registers with zeros, for each row of a turn and each vector.
func (g group) accumulators() [][]reg.VecVirtual {
	rows := make([][]reg.VecVirtual, g.unroll)
	for row := range rows {
		rows[row] = g.Zeros(g.width)
	}
	return rows
}

// addTo adds the accumulators to the group's part of the vector at base.
func (g group) addTo(base reg.Register, sums [][]reg.VecVirtual) {
	for i, p := range g.pieces(g.col) {
		for _, row := range sums[1:] {
			VADDPS(row[i], sums[0][i], sums[0][i])
		}
		VADDPS(p.Operand(base), sums[0][i], sums[0][i])
		p.Store(sums[0][i], base)
	}
}

// values writes the loop over all values, row by row. body gets a piece of the
// data, and the same columns as a piece of the vectors of parameters.
func (m *matrix) values(body func(p, cols vec.Piece)) {
	at, col, left := GP64(), GP64(), GP64()
	row, end := m.Label("row"), m.Label("end")
	XORQ(at, at)
	Label(row)
	CMPQ(at, m.size)
	JGE(LabelRef(end))
	XORQ(col, col)
	MOVQ(m.cols, left)
	for _, vectors := range []int{4, 1} {
		m.While(left, vectors*m.Lanes, func() {
			for i := range vectors {
				body(m.Full(i, at), m.Full(i, col))
			}
			ADDQ(U32(uint32(vectors*m.Lanes)), at)
			ADDQ(U32(uint32(vectors*m.Lanes)), col)
		})
	}
	JMP(LabelRef(row))
	Label(end)
}

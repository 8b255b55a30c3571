// Command depthwise writes the sums of depthwise convolutions.
//
// A block of sums stays in registers while its terms go by, row by row. The
// factors of a row, or of a part of it, are in registers too. Then each column
// of x is loaded once and serves all sums and factors that meet there.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../depthwise_amd64.s -stubs ../../depthwise_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		depthwiseF32(s)
		depthwiseU8S8(s)
	}
	Generate()
}

// A shape is what the registers hold: a block of sums and a group of factors.
// Sum i and factor f meet in column i+f. Shape 0 serves wherever the others
// do not: with one factor, the columns need not be neighbours.
type shape struct{ sums, factors int }

// shapes is the list in package kernel.
var shapes = []shape{{7, 1}, {7, 3}, {7, 5}, {7, 7}, {8, 3}, {8, 5}, {8, 7}, {3, 8}, {5, 8}, {7, 8}}

// codes reports whether depthwiseU8S8 has the shape.
func (s shape) codes() bool { return s.sums >= 7 && s.factors < 8 }

// columns returns, for each column, the sums and factors that meet there.
func (s shape) columns() [][][2]int {
	all := make([][][2]int, s.sums+s.factors-1)
	for i := range s.sums {
		for f := range s.factors {
			all[i+f] = append(all[i+f], [2]int{i, f})
		}
	}
	return all
}

// vectors returns how many vectors of channels the registers have room for.
func vectors(s vec.Set) int {
	if s == vec.AVX512 {
		return 2
	}
	return 1
}

// rowInMemory is a block's memory for the loop over rows.
func rowInMemory() (row, end Mem) { return AllocLocal(8), AllocLocal(8) }

// depthwiseF32 has masks in all shapes where they cost nothing, which is with
// AVX-512; in the others, shape 0 has them.
func depthwiseF32(s vec.Set) {
	doc := []string{"computes sums."}
	if s == vec.AVX2 {
		doc[0] += fmt.Sprintf(" Shapes other than 0 want a multiple of %d channels.", s.Lanes)
	}
	f := s.Begin("depthwiseF32", "(y, init []float32, yStep, initStep int, a, x []float32, "+walk+", ahead, then []float32, lines int, stream bool)", doc...)
	row, end := rowInMemory()
	inBytes(walkSteps...)
	inBytes("yStep", "initStep")
	for number, shape := range shapes {
		other, last := f.Label("other"), number == len(shapes)-1
		if !last {
			CMPQ(memory(Param("shape")), Imm(uint64(number)))
			JNE(LabelRef(other))
		}
		b := block{Func: f, shape: shape, elem: 4, lanes: s.Lanes, vecs: vectors(s), results: []string{"y", "init"}, row: row, end: end}
		b.each(sumF32, number == 0 || s == vec.AVX512)
		endStream(f)
		if !last {
			Label(other)
		}
	}
}

// endStream ends a function that may have written past the caches.
func endStream(f *vec.Func) {
	done := f.Label("done")
	CMPB(memory(Param("stream")), Imm(0))
	JEQ(LabelRef(done))
	SFENCE()
	Label(done)
	f.End()
}

// lookAhead prefetches the next lines of what is left of ahead, and of then.
func lookAhead(f *vec.Func) {
	loop, some, done := f.Label("ahead"), f.Label("some"), f.Label("done")
	line, n, left := vec.Base("ahead"), Load(Param("lines"), GP64()), memory(Param("ahead").Len())
	CMPQ(left, Imm(0))
	JG(LabelRef(some))
	Load(Param("then").Len(), line)
	TESTQ(line, line)
	JLE(LabelRef(done))
	Store(line, Param("ahead").Len())
	MOVQ(U32(0), memory(Param("then").Len()))
	Load(Param("then").Base(), line)
	Label(some)
	Label(loop)
	PREFETCHT1(Mem{Base: line})
	ADDQ(Imm(64), line)
	SUBQ(Imm(16), left)
	DECQ(n)
	JNZ(LabelRef(loop))
	Store(line, Param("ahead").Base())
	Label(done)
}

func sumF32(g group) {
	mask := g.masks(1)[0]
	load := func(m Mem, vs []reg.VecVirtual) {
		for h, v := range vs {
			g.LoadFirst(mask, m.Offset(4*g.Lanes*h), v)
		}
	}
	sums, factors := g.zeros(g.sums), g.registers(g.factors)
	g.eachSum("init", rowInit, func(i int, init Mem) { load(init, sums[i]) })
	columns := g.columns()
	g.terms(term{
		before: func() { lookAhead(g.Func) },
		zero: func(f int) {
			for _, v := range factors[f] {
				VXORPS(v, v, v)
			}
		},
		factor: func(f int, a Mem) { load(a, factors[f]) },
		column: func(j int, x Mem) {
			values := g.registers(1)[0]
			load(x, values)
			for _, meet := range columns[j] {
				for h, v := range values {
					VFMADD231PS(v, factors[meet[1]][h], sums[meet[0]][h])
				}
			}
		},
	})
	g.write(func(store func(v, mask reg.Register, m Mem)) {
		g.eachSum("y", rowY, func(i int, y Mem) {
			for h, v := range sums[i] {
				store(v, mask, y.Offset(4*g.Lanes*h))
			}
		})
	})
}

// depthwiseU8S8 sums in words of 16 bits. The codes of x are stored with 128
// added, and a column that does not exist counts as one of codes 128: so every
// sum is too large by 128 times the sum of the factors, the excess.
func depthwiseU8S8(s vec.Set) {
	doc := []string{"computes sums."}
	if s == vec.AVX512 {
		doc = append(doc, fmt.Sprintf("Shapes other than 0 want a multiple of %d channels.", 2*s.Lanes))
	}
	f := s.Begin("depthwiseU8S8", "(y, bias []float32, yStep int, scale float32, a []int8, x []uint8, "+walk+", stream bool)", doc...)
	row, end := rowInMemory()
	inBytes("yStep")
	b := block{Func: f, elem: 1, results: []string{"y"}, row: row, end: end}
	if s == vec.AVX512 {
		for number, shape := range shapes {
			if number == 0 || !shape.codes() {
				continue
			}
			other := f.Label("other")
			CMPQ(memory(Param("shape")), Imm(uint64(number)))
			JNE(LabelRef(other))
			b.shape, b.lanes, b.vecs = shape, s.Lanes, 2
			b.each(sumPairs, false)
			endStream(f)
			Label(other)
		}
	}
	b.shape, b.lanes, b.vecs = shapes[0], 2*s.Lanes, vectors(s)
	b.each(sumU8S8, true)
	endStream(f)
}

func sumU8S8(g group) {
	sums, excess := g.zeros(g.sums), g.zeros(1)[0]
	factors, absent := g.registers(1)[0], g.registers(1)[0]
	g.terms(term{
		factor: func(_ int, a Mem) {
			for h, v := range factors {
				VPMOVSXBW(a.Offset(g.lanes*h), v)
				VPSLLW(Imm(7), v, absent[h])
				VPADDW(absent[h], excess[h], excess[h])
			}
		},
		column: func(i int, x Mem) {
			for h, v := range sums[i] {
				product := g.New()
				VPMOVZXBW(x.Offset(g.lanes*h), product)
				VPMULLW(factors[h], product, product)
				VPADDW(product, v, v)
			}
		},
		lack: func(i int) {
			for h, v := range sums[i] {
				VPADDW(absent[h], v, v)
			}
		},
	})
	g.dequantise(sums, excess)
}

// sumPairs adds the products of two neighbouring columns at once, for 32
// channels. The codes of two columns are interleaved byte by byte, and so are
// their factors: 16 channels in one register and 16 in a second one.
func sumPairs(g group) {
	two := func() []reg.VecVirtual { return []reg.VecVirtual{YMM(), YMM()} }
	clear := func(vs ...reg.VecVirtual) {
		for _, v := range vs {
			VXORPS(v, v, v)
		}
	}
	// Interleaving works within the halves of a register: so the second and
	// the third quarter change places first.
	load := func(m Mem, v reg.Register) { VPERMQ(Imm(0b11_01_10_00), m, v) }
	interleave := func(even, odd reg.Register, pair []reg.VecVirtual) {
		VPUNPCKLBW(odd, even, pair[0])
		VPUNPCKHBW(odd, even, pair[1])
	}
	addProducts := func(codes, factors, sums []reg.VecVirtual) {
		for h, sum := range sums {
			product := YMM()
			VPMADDUBSW(factors[h], codes[h], product)
			VPADDW(product, sum, sum)
		}
	}

	sums, excess := make([][]reg.VecVirtual, g.sums), two()
	for i := range sums {
		sums[i] = two()
		clear(sums[i]...)
	}
	clear(excess...)
	bits, blank := GP32(), YMM() // a column of codes 128
	MOVL(U32(0x80_80_80_80), bits)
	VMOVD(bits, blank.AsX())
	VPBROADCASTD(blank.AsX(), blank)
	even, odd, columns := YMM(), YMM(), two()
	factors := make([][]reg.VecVirtual, (g.factors+1)/2)
	for p := range factors {
		factors[p] = two()
	}
	// pairWith adds what column j and the one behind it contribute to the sums.
	pairWith := func(j int, behind reg.Register) {
		codes := two()
		interleave(columns[j%2], behind, codes)
		for p, pair := range factors {
			if i := j - 2*p; i >= 0 && i < g.sums {
				addProducts(codes, pair, sums[i])
			}
		}
	}
	g.terms(term{
		factor: func(f int, a Mem) {
			last := f == g.factors-1
			if f%2 == 0 {
				load(a, even)
				clear(odd)
			} else {
				load(a, odd)
			}
			if f%2 == 1 || last {
				pair := factors[f/2]
				interleave(even, odd, pair)
				addProducts([]reg.VecVirtual{blank, blank}, pair, excess)
			}
		},
		column: func(j int, x Mem) { load(x, columns[j%2]) },
		lack:   func(j int) { VMOVUPS(blank, columns[j%2]) },
		after: func(j int) {
			if j > 0 {
				pairWith(j-1, columns[j%2])
			}
			if j == g.sums+g.factors-2 {
				pairWith(j, blank)
			}
		},
	})
	g.dequantise(sums, excess)
}

// dequantise turns sums into float32 and stores them.
func (g group) dequantise(sums [][]reg.VecVirtual, excess []reg.VecVirtual) {
	parts := g.lanes / g.Lanes // vectors of float32 that a vector of words makes
	scale, masks := g.Broadcast("scale"), g.masks(parts)
	bias, shifts := g.of("bias", 4), g.registers(parts)
	for h := range excess {
		for p, mask := range masks {
			g.LoadFirst(mask, bias.Offset(4*(g.lanes*h+g.Lanes*p)), shifts[p][h])
		}
	}
	for _, vs := range sums {
		for h, v := range vs {
			VPSUBW(excess[h], v, v)
		}
	}
	g.write(func(store func(v, mask reg.Register, m Mem)) {
		g.eachSum("y", rowY, func(i int, y Mem) {
			for h, v := range sums[i] {
				for p, mask := range masks {
					f := g.New()
					VPMOVSXWD(g.words(v, p), f)
					VCVTDQ2PS(f, f)
					VMULPS(scale, f, f)
					VADDPS(shifts[p][h], f, f)
					store(f, mask, y.Offset(4*(g.lanes*h+g.Lanes*p)))
				}
			}
		})
	})
}

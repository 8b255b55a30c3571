// Command gemm writes the gather-GEMM: a loop over tiles.
//
// Each row of A has a register with its address for the whole tile, and one
// common offset, which runs through the segments, indexes all of them. So a
// new segment costs two loads, whatever the number of rows.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../gemm_amd64.s -stubs ../../gemm_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	gemmF32(widthsAVX2, 6)
	gemmF32(widthsAVX512, 8)
	gemmU8S8Words(widthsAVX2, 6)
	gemmU8S8VNNI(widthsOfDots, 8)
	gemmTernary(widthsOfLookups(), 2)
	Generate()
}

// A tile is the code for one width.
type tile struct {
	*vec.Func
	gather
	vecs int    // vectors in a row of C
	loop string // label where the next tile begins
}

// A width is how many vectors of a set a row of C has.
type width struct {
	vec.Set
	vecs int
}

func (w width) columns() int { return w.vecs * w.Lanes }

// The widths of a kernel's tiles, the widest first. On AVX-512, dot products of 16
// columns are in two half vectors: there a value of A is broadcast by an
// instruction of its own, which on Zen 4 takes less time for half a vector, while
// the products take the same for one vector as for two halves.
var (
	widthsAVX2   = []width{{vec.AVX2, 2}, {vec.AVX2, 1}}
	widthsAVX512 = []width{{vec.AVX512, 2}, {vec.AVX512, 1}, {vec.AVX512VL, 1}}
	widthsOfDots = []width{{vec.AVX512, 2}, {vec.AVX512VL, 2}, {vec.AVX512VL, 1}}
)

// begin begins a kernel with tiles of all widths.
func begin(widths []width, name, signature string, mr, size int, write func(tile)) {
	f := widths[0].Begin(name, signature, fmt.Sprintf("computes tiles of %d rows and up to %d columns.", mr, widths[0].columns()))
	loop := f.Label("tile")
	Label(loop)
	g := loadGather(mr, size)
	var columns []int
	for _, w := range widths {
		columns = append(columns, w.columns())
	}
	f.Cases(Load(Param("n"), GP64()), columns, func(i int) {
		f.Set = widths[i].Set
		write(tile{f, g, widths[i].vecs, loop})
	})
}

// next ends the tile and goes on to the next one, if there is one. The
// parameters, which are in memory anyway, say where it is.
func (t tile) next() {
	mr := len(t.rows)
	advance(Param("rows").Base(), 8*mr)
	left := vec.Len("rows")
	SUBQ(Imm(uint64(mr)), left)
	Store(left, Param("rows").Len())
	JG(LabelRef(t.loop))
	t.End()
}

// advance moves the address in a parameter.
func advance(c gotypes.Component, n int) {
	p, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	ADDQ(U32(n), p.Addr)
}

// nextC moves c to the next tile, where tiles lie one behind the other.
func (t tile) nextC() { advance(Param("c").Base(), 4*t.Lanes*t.size()) }

// store stores the tile's vectors in rows that begin at outs or, if that is nil, lie
// one behind the other.
func (t tile) store(sums []reg.VecVirtual) {
	c, outs, n := vec.Base("c"), vec.Base("outs"), vec.Len("outs")
	packed, stored := t.Label("packed"), t.Label("stored")
	TESTQ(n, n)
	JZ(LabelRef(packed))
	for i := range t.rows {
		row := GP64()
		MOVQ(Mem{Base: outs, Disp: 8 * i}, row)
		for h := range t.vecs {
			VMOVUPS(sums[i*t.vecs+h], Mem{Base: c, Index: row, Scale: 4, Disp: 4 * t.Lanes * h})
		}
	}
	advance(Param("outs").Base(), 8*len(t.rows))
	JMP(LabelRef(stored))
	Label(packed)
	for i, v := range sums {
		VMOVUPS(v, t.c(c, i))
	}
	t.nextC()
	Label(stored)
}

func gemmF32(widths []width, mr int) {
	const signature = "(c []float32, outs []int, n int, a []float32, rows []int, segs []struct{ A, B int }, seglen int, b []float32)"
	begin(widths, "gemmF32", signature, mr, 4, func(t tile) {
		// A narrow tile has too few sums to hide the latency of an FMA. It
		// has two sets of them, which take the values of k in turn.
		sets := 3 - t.vecs
		sums := t.Zeros(sets * t.size())
		left := GP64()
		t.eachSegment(func() {
			Load(Param("seglen"), left)
			t.count(left, 1, func(k int) {
				if t.vecs == 1 && t.Set != vec.AVX2 {
					t.embedded(k, func(x Mem, w reg.VecVirtual, i int) {
						VFMADD231PS_BCST(x, w, sums[k%sets*t.size()+i])
					})
					return
				}
				t.products(k, func(x reg.VecVirtual, w []reg.VecVirtual, i int) {
					for h := range w {
						VFMADD231PS(w[h], x, sums[k%sets*t.size()+i+h])
					}
				})
			})
		})
		if sets == 2 {
			for i, v := range sums[:t.size()] {
				VADDPS(sums[t.size()+i], v, v)
			}
		}
		t.store(sums[:t.size()])
		t.next()
	})
}

const signatureU8S8 = "(c []int32, n int, a []uint8, rows []int, segs []struct{ A, B int }, groups int, b []int8)"

// gemmU8S8Words has no dot product of four bytes. VPMADDUBSW adds the products
// of two in a 16-bit word; as the weights are -1, 0 or +1 these are within
// +-510, and 64 of them fit. After as many groups the words are widened and
// added to c, for which no registers are left.
func gemmU8S8Words(widths []width, mr int) {
	const safe = 64
	begin(widths, "gemmU8S8", signatureU8S8, mr, 1, func(t tile) {
		c := vec.Base("c")
		words := t.Zeros(t.size())
		left := GP64()
		body := func(k int) {
			t.products(k, func(x reg.VecVirtual, w []reg.VecVirtual, i int) {
				p := make([]reg.VecVirtual, len(w))
				for h := range w {
					p[h] = t.New()
					VPMADDUBSW(w[h], x, p[h])
				}
				for h := range w {
					VPADDW(p[h], words[i+h], words[i+h])
				}
			})
		}
		flush := func(add bool) {
			ones := t.Splat(0x0001_0001)
			for i, v := range words {
				VPMADDWD(ones, v, v)
				if add {
					VPADDD(t.c(c, i), v, v)
				}
				VMOVDQU(v, t.c(c, i))
			}
		}

		many := t.Label("many")
		Load(Param("segs").Len(), left)
		run := Load(Param("groups"), GP64())
		IMULQ(run, left)
		CMPQ(left, Imm(safe))
		JG(LabelRef(many))
		Comment("The words cannot overflow.")
		t.eachSegment(func() {
			Load(Param("groups"), left)
			t.count(left, 4, body)
		})
		flush(false)
		t.nextC()
		t.next()

		Label(many)
		for i, zero := range words {
			VMOVDQU(zero, t.c(c, i))
		}
		room := GP64()
		MOVQ(U32(safe), room)
		t.eachSegment(func() {
			stretch, fits := t.Label("stretch"), t.Label("fits")
			Load(Param("groups"), left)
			Label(stretch)
			Comment("run = min(left, room)")
			MOVQ(left, run)
			CMPQ(run, room)
			CMOVQGT(room, run)
			SUBQ(run, left)
			SUBQ(run, room)
			t.count(run, 4, body)
			TESTQ(room, room)
			JNZ(LabelRef(fits))
			Comment("The words are full: empty them into c.")
			flush(true)
			for _, v := range words {
				VPXOR(v, v, v)
			}
			MOVQ(U32(safe), room)
			Label(fits)
			TESTQ(left, left)
			JNZ(LabelRef(stretch))
		})
		flush(true)
		t.nextC()
		t.next()
	})
}

// gemmU8S8VNNI adds four products to a 32-bit sum at once.
func gemmU8S8VNNI(widths []width, mr int) {
	begin(widths, "gemmU8S8", signatureU8S8, mr, 1, func(t tile) {
		sums := t.Zeros(t.size())
		left := GP64()
		t.eachSegment(func() {
			Load(Param("groups"), left)
			t.count(left, 4, func(k int) {
				t.products(k, func(x reg.VecVirtual, w []reg.VecVirtual, i int) {
					for h := range w {
						VPDPBUSD(w[h], x, sums[i+h])
					}
				})
			})
		})
		c := vec.Base("c")
		for i, v := range sums {
			VMOVUPS(v, t.c(c, i))
		}
		t.nextC()
		t.next()
	})
}

// size returns the number of vectors in C.
func (t tile) size() int { return len(t.rows) * t.vecs }

// c returns where the i-th vector of C lies.
func (t tile) c(base reg.Register, i int) Mem {
	return Mem{Base: base, Disp: 4 * t.Lanes * i}
}

// products writes the products of row k of the panel with each row of A, whose
// part is 4 bytes: one float32 or four codes. Both are counted from the current
// ones. add adds the products of x and w to the vectors of C from the i-th on.
func (t tile) products(k int, add func(x reg.VecVirtual, w []reg.VecVirtual, i int)) {
	w := make([]reg.VecVirtual, t.vecs)
	for h := range w {
		w[h] = t.New()
		VMOVUPS(Mem{Base: t.b, Disp: 4 * t.Lanes * (k*t.vecs + h)}, w[h])
	}
	for i, row := range t.rows {
		x := t.New()
		VBROADCASTSS(Mem{Base: row, Index: t.at, Scale: uint8(t.elem), Disp: 4 * k}, x)
		add(x, w, i*t.vecs)
	}
}

// embedded is products for a narrow tile and instructions that broadcast a
// value of A themselves.
func (t tile) embedded(k int, add func(x Mem, w reg.VecVirtual, i int)) {
	w := t.New()
	VMOVUPS(Mem{Base: t.b, Disp: 4 * t.Lanes * k}, w)
	for i, row := range t.rows {
		add(Mem{Base: row, Index: t.at, Scale: uint8(t.elem), Disp: 4 * k}, w, i)
	}
}

// count writes a loop over n rows of the panel, two at a time and a last one,
// each with step values of A. It leaves n negative or zero.
func (t tile) count(n reg.Register, step int, body func(k int)) {
	const unroll = 2
	advance := func(k int) {
		ADDQ(Imm(uint64(k*step)), t.at)
		ADDQ(U32(4*t.Lanes*t.vecs*k), t.b)
	}
	loop, last, end := t.Label("loop"), t.Label("last"), t.Label("end")
	SUBQ(Imm(unroll), n)
	JL(LabelRef(last))
	Label(loop)
	for k := range unroll {
		body(k)
	}
	advance(unroll)
	SUBQ(Imm(unroll), n)
	JGE(LabelRef(loop))
	Label(last)
	ADDQ(Imm(unroll), n)
	JZ(LabelRef(end))
	body(0)
	advance(1)
	Label(end)
}

// A gather walks over the rows of A and the panel B.
type gather struct {
	rows      []reg.Register // a + rows[i]
	seg, segs reg.GPVirtual  // what is left of segs: the next element and the end
	at        reg.Register   // offset in every row
	elem      int            // bytes in a value of A
	b         reg.GPVirtual
}

// loadGather reads the arguments of a tile whose A has values of size bytes.
func loadGather(mr, size int) gather {
	g := gather{at: GP64(), elem: size}
	a, rows := vec.Base("a"), vec.Base("rows")
	for i := range mr {
		r := GP64()
		MOVQ(Mem{Base: rows, Disp: 8 * i}, r)
		LEAQ(Mem{Base: a, Index: r, Scale: uint8(size)}, r)
		g.rows = append(g.rows, r)
	}
	g.seg, g.segs = vec.Base("segs"), vec.Len("segs")
	SHLQ(Imm(4), g.segs)
	ADDQ(g.seg, g.segs)
	g.b = GP64()
	return g
}

// eachSegment writes the loop over the segments.
func (t tile) eachSegment(body func()) {
	segment, end := t.Label("segment"), t.Label("end")
	CMPQ(t.seg, t.segs)
	JEQ(LabelRef(end))
	Label(segment)
	MOVQ(Mem{Base: t.seg}, t.at)
	MOVQ(Mem{Base: t.seg, Disp: 8}, t.b)
	ADDQ(Imm(16), t.seg)
	IMUL3Q(U32(4*t.Lanes*t.vecs), t.b, t.b)
	ADDQ(vec.Address("b"), t.b)
	body()
	CMPQ(t.seg, t.segs)
	JNE(LabelRef(segment))
	Label(end)
}

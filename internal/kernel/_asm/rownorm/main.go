// Command rownorm writes the kernels of layer norm and RMS norm.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../rownorm_amd64.s -stubs ../../rownorm_stubs_amd64.go -pkg kernel

const unroll = 4

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		rowMoments(s)
		rowNorm(s)
		rowNormSums(s)
		rowNormGrad(s)
	}
	Generate()
}

// A walk goes over rows of d values, with a value for each in other arrays.
type walk struct {
	*vec.Func
	d, row reg.GPVirtual
}

// rows writes the loop over all rows, as many as the slice parameter named has
// values. It moves the addresses in matrices from row to row.
func rows(f *vec.Func, count string, d reg.GPVirtual, matrices []reg.GPVirtual, body func(w walk)) {
	w := walk{f, d, GP64()}
	loop, done := f.Label("row"), f.Label("done")
	XORQ(w.row, w.row)
	Label(loop)
	n := GP64()
	Load(Param(count).Len(), n)
	CMPQ(w.row, n)
	JGE(LabelRef(done))
	body(w)
	for _, m := range matrices {
		LEAQ(Mem{Base: m, Index: w.d, Scale: 4}, m)
	}
	INCQ(w.row)
	JMP(LabelRef(loop))
	Label(done)
}

// of returns where the row's value in an array is.
func (w walk) of(param string) Mem {
	return Mem{Base: vec.Base(param), Index: w.row, Scale: 4}
}

// value returns a register with that value in every lane.
func (w walk) value(param string) reg.VecVirtual {
	r := w.New()
	VBROADCASTSS(w.of(param), r)
	return r
}

// each writes the loop over a row's values.
func (w walk) each(body func(p vec.Piece)) {
	n := GP64()
	MOVQ(w.d, n)
	w.Each(n, unroll, body)
}

// read is each for loops that only read: all pieces are of full vectors.
func (w walk) read(body func(p vec.Piece)) {
	n := GP64()
	MOVQ(w.d, n)
	w.EachMasked(n, unroll, body)
}

// A sum is one over a row. Operations on a part of a register clear the rest of it: the
// pieces that are no full vectors have a sum of their own.
type sum struct {
	all  []reg.VecVirtual
	part reg.VecVirtual
}

func (w walk) sum() sum { return sum{w.Zeros(unroll), w.Zeros(1)[0]} }

// of returns the register to which a piece is added.
func (s sum) of(p vec.Piece) reg.Register {
	if p.Of(s.part).Size() < s.part.Size() {
		return p.Of(s.part)
	}
	return s.all[p.N]
}

// total returns the sum in lane 0.
func (s sum) total(w walk) reg.Register {
	VADDPS(s.part, s.all[0], s.all[0])
	return w.Fold(s.all, func(a, b, c Op) { VADDPS(a, b, c) })
}

func rowMoments(s vec.Set) {
	f := s.Begin("rowMoments", "(mean, squares, x []float32, d int, share float32)",
		"computes mean = share * sum(x[j]) and squares = sum((x[j]-mean)^2) of each row.")
	x := vec.Base("x")
	d := GP64()
	Load(Param("d"), d)
	share := s.Broadcast("share")
	rows(f, "mean", d, []reg.GPVirtual{x}, func(w walk) {
		sums, squares, mean := w.sum(), w.sum(), s.New()
		w.read(func(p vec.Piece) {
			to := sums.of(p)
			VADDPS(p.Operand(x), to, to)
		})
		VMULSS(share.AsX(), sums.total(w), mean.AsX())
		VMOVSS(mean.AsX(), w.of("mean"))
		VBROADCASTSS(mean.AsX(), mean)
		w.read(func(p vec.Piece) {
			v, to := p.Load(x), squares.of(p)
			VSUBPS(mean, v, v)
			p.Keep(v)
			VFMADD231PS(v, v, to)
		})
		VMOVSS(squares.total(w), w.of("squares"))
	})
	f.End()
}

// A row is what the functions know of a row of x.
type row struct {
	x          reg.Register
	mean, rstd reg.VecVirtual
}

func (w walk) load(x reg.Register) row { return row{x, w.value("mean"), w.value("rstd")} }

// normalised returns xhat = (x-mean)*rstd.
func (r row) normalised(p vec.Piece) reg.VecVirtual {
	v := p.Load(r.x)
	VSUBPS(p.Of(r.mean), v, v)
	VMULPS(p.Of(r.rstd), v, v)
	return v
}

// rowNorm has memory read on meanwhile: what follows x, as many values again, is
// likely to be normalised next.
func rowNorm(s vec.Set) {
	f := s.Begin("rowNorm", "(y, x, mean, rstd, weight, bias []float32, past bool)",
		"computes y[j] = (x[j]-mean)*rstd*weight[j] + bias[j] for each row.")
	f.EndEither("past", func() {
		y, x, weight, bias := vec.Base("y"), vec.Base("x"), vec.Base("weight"), vec.Base("bias")
		next := vec.Len("x")
		LEAQ(Mem{Base: x, Index: next, Scale: 4}, next)
		rows(f, "mean", vec.Len("weight"), []reg.GPVirtual{y, x, next}, func(w walk) {
			r := w.load(x)
			w.each(func(p vec.Piece) {
				p.Expect(next)
				v := r.normalised(p)
				VMULPS(p.Operand(weight), v, v)
				VADDPS(p.Operand(bias), v, v)
				p.Store(v, y)
			})
		})
	})
}

func rowNormSums(s vec.Set) {
	f := s.Begin("rowNormSums", "(sum, dot, dweight, dbias, dy, x, mean, rstd, weight []float32)",
		"adds dy*xhat to dweight and dy to dbias, and computes the sums of g and g*xhat of each row.")
	dweight, dbias, dy, x, weight := vec.Base("dweight"), vec.Base("dbias"), vec.Base("dy"), vec.Base("x"), vec.Base("weight")
	rows(f, "mean", vec.Len("weight"), []reg.GPVirtual{dy, x}, func(w walk) {
		r, sums, dots := w.load(x), w.sum(), w.sum()
		w.each(func(p vec.Piece) {
			g, total := p.Load(dy), p.New()
			VADDPS(p.Operand(dbias), g, total)
			p.Store(total, dbias)
			v, into := r.normalised(p), p.Load(dweight)
			VFMADD231PS(v, g, into)
			p.Store(into, dweight)
			VMULPS(p.Operand(weight), g, g)
			sum, dot := sums.of(p), dots.of(p)
			VADDPS(g, sum, sum)
			VFMADD231PS(v, g, dot)
		})
		VMOVSS(sums.total(w), w.of("sum"))
		VMOVSS(dots.total(w), w.of("dot"))
	})
	f.End()
}

func rowNormGrad(s vec.Set) {
	f := s.Begin("rowNormGrad", "(dx, dy, x, mean, rstd, weight, meanG, meanGX []float32)",
		"computes dx[j] = rstd * ((dy[j]*weight[j] - meanG) - xhat[j]*meanGX) with xhat[j] = (x[j]-mean)*rstd for each row.")
	dx, dy, x, weight := vec.Base("dx"), vec.Base("dy"), vec.Base("x"), vec.Base("weight")
	rows(f, "mean", vec.Len("weight"), []reg.GPVirtual{dx, dy, x}, func(w walk) {
		r, g, gx := w.load(x), w.value("meanG"), w.value("meanGX")
		w.each(func(p vec.Piece) {
			v := r.normalised(p)
			VMULPS(p.Of(gx), v, v)
			d := p.Load(dy)
			VMULPS(p.Operand(weight), d, d)
			VSUBPS(p.Of(g), d, d)
			VSUBPS(v, d, d)
			VMULPS(p.Of(r.rstd), d, d)
			p.Store(d, dx)
		})
	})
	f.End()
}

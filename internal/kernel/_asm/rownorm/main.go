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
		rowNorm(s)
		rowNormSums(s)
		rowNormGrad(s)
	}
	Generate()
}

// A row is what the functions know of a row of x.
type row struct {
	x          reg.Register
	mean, rstd reg.VecVirtual
}

func loadRow(s vec.Set) row {
	return row{vec.Base("x"), s.Broadcast("mean"), s.Broadcast("rstd")}
}

// normalised returns xhat = (x-mean)*rstd.
func (r row) normalised(p vec.Piece) reg.VecVirtual {
	v := p.Load(r.x)
	VSUBPS(p.Of(r.mean), v, v)
	VMULPS(p.Of(r.rstd), v, v)
	return v
}

func rowNorm(s vec.Set) {
	f := s.Begin("rowNorm", "(y, x []float32, mean, rstd float32, weight, bias []float32)",
		"computes y[j] = (x[j]-mean)*rstd*weight[j] + bias[j].")
	y, n, r := vec.Base("y"), vec.Len("y"), loadRow(s)
	weight, bias := vec.Base("weight"), vec.Base("bias")
	f.Each(n, unroll, func(p vec.Piece) {
		v := r.normalised(p)
		VMULPS(p.Operand(weight), v, v)
		VADDPS(p.Operand(bias), v, v)
		p.Store(v, y)
	})
	f.End()
}

func rowNormSums(s vec.Set) {
	f := s.Begin("rowNormSums", "(dweight, dbias, dy, x []float32, mean, rstd float32, weight []float32) (sum, dot float32)",
		"adds dy*xhat to dweight and dy to dbias, and returns the sums of g and g*xhat.")
	dweight, dbias, dy, n := vec.Base("dweight"), vec.Base("dbias"), vec.Base("dy"), vec.Len("dy")
	r, weight := loadRow(s), vec.Base("weight")
	sums, dots := s.Zeros(unroll), s.Zeros(unroll)
	// Operations on a part of a register clear the rest of it: the pieces that
	// are no full vectors have sums of their own.
	parts := s.Zeros(2)
	f.Each(n, unroll, func(p vec.Piece) {
		sum, dot := reg.Register(sums[p.N]), reg.Register(dots[p.N])
		if p.Of(sums[0]).Size() < sums[0].Size() {
			sum, dot = p.Of(parts[0]), p.Of(parts[1])
		}
		g := p.Load(dy)
		total := p.New()
		VADDPS(p.Operand(dbias), g, total)
		p.Store(total, dbias)
		v := r.normalised(p)
		into := p.Load(dweight)
		VFMADD231PS(v, g, into)
		p.Store(into, dweight)
		VMULPS(p.Operand(weight), g, g)
		VADDPS(g, sum, sum)
		VFMADD231PS(v, g, dot)
	})
	add := func(a, b, c Op) { VADDPS(a, b, c) }
	for i, all := range [][]reg.VecVirtual{sums, dots} {
		VADDPS(parts[i], all[0], all[0])
		Store(s.Fold(all, add), ReturnIndex(i))
	}
	f.End()
}

func rowNormGrad(s vec.Set) {
	f := s.Begin("rowNormGrad", "(dx, dy, x []float32, mean, rstd float32, weight []float32, meanG, meanGX float32)",
		"computes dx[j] = rstd * ((dy[j]*weight[j] - meanG) - xhat[j]*meanGX) with xhat[j] = (x[j]-mean)*rstd.")
	dx, dy, n := vec.Base("dx"), vec.Base("dy"), vec.Len("dx")
	r, weight := loadRow(s), vec.Base("weight")
	g, gx := s.Broadcast("meanG"), s.Broadcast("meanGX")
	f.Each(n, unroll, func(p vec.Piece) {
		v := r.normalised(p)
		VMULPS(p.Of(gx), v, v)
		d := p.Load(dy)
		VMULPS(p.Operand(weight), d, d)
		VSUBPS(p.Of(g), d, d)
		VSUBPS(v, d, d)
		VMULPS(p.Of(r.rstd), d, d)
		p.Store(d, dx)
	})
	f.End()
}

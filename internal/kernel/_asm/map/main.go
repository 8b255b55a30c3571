// Command map writes the maps of package kernel.
package main

import (
	. "github.com/mmcloughlin/avo/build"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../map_amd64.s -stubs ../../map_stubs_amd64.go -pkg kernel

const unroll = 4

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		add(s)
		combine(s)
		relu(s)
		reluGrad(s)
	}
	Generate()
}

func add(s vec.Set) {
	f := s.Begin("add", "(dst, x, y []float32)", "computes dst[i] = x[i] + y[i].")
	dst, x, y, n := vec.Base("dst"), vec.Base("x"), vec.Base("y"), vec.Len("dst")
	f.Each(n, unroll, func(p vec.Piece) {
		v := p.Load(x)
		VADDPS(p.Operand(y), v, v)
		p.Store(v, dst)
	})
	f.End()
}

func combine(s vec.Set) {
	f := s.Begin("combine", "(dst []float32, a float32, x []float32, b float32, y []float32, c float32)",
		"computes dst[i] = a*x[i] + (b*y[i] + c).")
	dst, x, y, n := vec.Base("dst"), vec.Base("x"), vec.Base("y"), vec.Len("dst")
	a, b, c := s.Broadcast("a"), s.Broadcast("b"), s.Broadcast("c")
	f.Each(n, unroll, func(p vec.Piece) {
		v, w := p.New(), p.New()
		VMULPS(p.Operand(y), p.Of(b), w)
		VADDPS(p.Of(c), w, w)
		VMULPS(p.Operand(x), p.Of(a), v)
		VADDPS(w, v, v)
		p.Store(v, dst)
	})
	f.End()
}

// relu gives VMAXPS x as the last of its operands: it is what comes out unless
// zero is greater.
func relu(s vec.Set) {
	f := s.Begin("relu", "(dst, x []float32, past bool)", "computes dst[i] = 0 where x[i] < 0, else x[i].")
	f.EndEither("past", func() {
		dst, x, n := vec.Base("dst"), vec.Base("x"), vec.Len("dst")
		zero := s.Zeros(1)[0]
		f.Each(n, unroll, func(p vec.Piece) {
			v := p.New()
			VMAXPS(p.Operand(x), p.Of(zero), v)
			p.Store(v, dst)
		})
	})
}

func reluGrad(s vec.Set) {
	f := s.Begin("reluGrad", "(dx, g, y []float32)", "computes dx[i] = 0 where y[i] <= 0, else g[i].")
	dx, g, y, n := vec.Base("dx"), vec.Base("g"), vec.Base("y"), vec.Len("dx")
	zero := s.Zeros(1)[0]
	f.Each(n, unroll, func(p vec.Piece) {
		d := p.LoadWhere(p.Unless(p.Operand(y), p.Of(zero)), g)
		p.Store(d, dx)
	})
	f.End()
}

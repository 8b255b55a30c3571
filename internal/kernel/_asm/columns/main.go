// Command columns writes the kernels of package kernel that work per column.
// They need a number of columns that fills vectors.
package main

import (
	. "github.com/mmcloughlin/avo/build"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../columns_amd64.s -stubs ../../columns_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		columnSums(s)
		columnSquares(s)
		scaleShift(s)
		scaleShiftSums(s)
		scaleShiftGrad(s)
	}
	Generate()
}

func columnSums(s vec.Set) {
	f := s.Begin("columnSums", "(dst, x []float32)", "computes dst[j] += sum(i) x[i*cols+j].")
	dst, x := vec.Base("dst"), vec.Base("x")
	m := matrix{f, vec.Len("dst"), vec.Len("x")}
	m.groups(func(g group) {
		sums := g.accumulators()
		g.rows(func(row int, ps []vec.Piece) {
			for i, p := range ps {
				VADDPS(p.Operand(x), sums[row][i], sums[row][i])
			}
		})
		g.addTo(dst, sums)
	})
	f.End()
}

func columnSquares(s vec.Set) {
	f := s.Begin("columnSquares", "(dst, x, center []float32)", "computes dst[j] += sum(i) (x[i*cols+j]-center[j])^2.")
	dst, x, center := vec.Base("dst"), vec.Base("x"), vec.Base("center")
	m := matrix{f, vec.Len("dst"), vec.Len("x")}
	m.groups(func(g group) {
		centers, sums := g.load(center), g.accumulators()
		g.rows(func(row int, ps []vec.Piece) {
			for i, p := range ps {
				d := p.Load(x)
				VSUBPS(centers[i], d, d)
				VFMADD231PS(d, d, sums[row][i])
			}
		})
		g.addTo(dst, sums)
	})
	f.End()
}

// scaleShift gives VMAXPS the value as the last of its operands: it is what
// comes out unless the floor is greater.
func scaleShift(s vec.Set) {
	f := s.Begin("scaleShift", "(y, x, scale, shift []float32, floor float32)",
		"computes y[i*cols+j] = x[i*cols+j]*scale[j] + shift[j], but at least floor.")
	y, x, scale, shift := vec.Base("y"), vec.Base("x"), vec.Base("scale"), vec.Base("shift")
	floor := s.Broadcast("floor")
	m := matrix{f, vec.Len("scale"), vec.Len("x")}
	m.values(func(p, cols vec.Piece) {
		v := p.Load(x)
		VMULPS(cols.Mem(scale), v, v)
		VADDPS(cols.Mem(shift), v, v)
		VMAXPS(v, floor, v)
		p.Store(v, y)
	})
	f.End()
}

func scaleShiftSums(s vec.Set) {
	f := s.Begin("scaleShiftSums", "(sum, dot, g, x, y, center []float32, floor float32)",
		"computes sum[j] += sum(i) d, dot[j] += sum(i) d*(x[i*cols+j]-center[j])",
		"with d = 0 where y[i*cols+j] <= floor, else g[i*cols+j].")
	sum, dot, center := vec.Base("sum"), vec.Base("dot"), vec.Base("center")
	dy, x, y := vec.Base("g"), vec.Base("x"), vec.Base("y")
	floor := s.Broadcast("floor")
	m := matrix{f, vec.Len("sum"), vec.Len("x")}
	m.groups(func(g group) {
		centers, sums, dots := g.load(center), g.accumulators(), g.accumulators()
		g.rows(func(row int, ps []vec.Piece) {
			for i, p := range ps {
				d := p.LoadWhere(p.Unless(p.Operand(y), floor), dy)
				VADDPS(d, sums[row][i], sums[row][i])
				v := p.Load(x)
				VSUBPS(centers[i], v, v)
				VFMADD231PS(v, d, dots[row][i])
			}
		})
		g.addTo(sum, sums)
		g.addTo(dot, dots)
	})
	f.End()
}

func scaleShiftGrad(s vec.Set) {
	f := s.Begin("scaleShiftGrad", "(dx, g, x, y, a, b, c []float32, floor float32)",
		"computes dx[i*cols+j] = d*a[j] + (x[i*cols+j]*b[j] + c[j])",
		"with d = 0 where y[i*cols+j] <= floor, else g[i*cols+j].")
	dx, dy, x, y := vec.Base("dx"), vec.Base("g"), vec.Base("x"), vec.Base("y")
	a, b, c := vec.Base("a"), vec.Base("b"), vec.Base("c")
	floor := s.Broadcast("floor")
	m := matrix{f, vec.Len("a"), vec.Len("x")}
	m.values(func(p, cols vec.Piece) {
		d := p.LoadWhere(p.Unless(p.Operand(y), floor), dy)
		VMULPS(cols.Mem(a), d, d)
		v := p.Load(x)
		VMULPS(cols.Mem(b), v, v)
		VADDPS(cols.Mem(c), v, v)
		VADDPS(v, d, d)
		p.Store(d, dx)
	})
	f.End()
}

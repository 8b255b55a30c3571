// Command columns writes the kernels of package kernel that work per column.
// They need a number of columns that fills vectors.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../columns_amd64.s -stubs ../../columns_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		columnSums(s)
		columnSquares(s)
		columnDots(s)
		scaleShift(s)
		scaleShiftAdd(s)
		scaleShiftSums(s)
		reluSums(s)
		columnGrad(s)
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

func columnDots(s vec.Set) {
	f := s.Begin("columnDots", "(sum, dot, g, x, center []float32)",
		"computes sum[j] += sum(i) g[i*cols+j], dot[j] += sum(i) g[i*cols+j]*(x[i*cols+j]-center[j]).")
	sum, dot, center := vec.Base("sum"), vec.Base("dot"), vec.Base("center")
	dy, x := vec.Base("g"), vec.Base("x")
	m := matrix{f, vec.Len("sum"), vec.Len("x")}
	m.groups(func(g group) {
		centers, sums, dots := g.load(center), g.accumulators(), g.accumulators()
		g.rows(func(row int, ps []vec.Piece) {
			for i, p := range ps {
				g.addDots(sums[row][i], dots[row][i], p.Load(dy), p.Load(x), centers[i])
			}
		})
		g.addTo(sum, sums)
		g.addTo(dot, dots)
	})
	f.End()
}

// addDots adds d to sum and d*(v-center) to dot. It uses v up.
func (g group) addDots(sum, dot, d, v reg.Register, center Op) {
	VADDPS(d, sum, sum)
	VSUBPS(center, v, v)
	VFMADD231PS(v, d, dot)
}

// limits are the bounds of the results of scaleShift.
type limits struct{ low, high reg.VecVirtual }

func loadLimits(s vec.Set) limits { return limits{s.Broadcast("low"), s.Broadcast("high")} }

// within sets d to zero where v is at or beyond one of the limits.
func (l limits) within(p vec.Piece, v, d reg.VecVirtual) {
	p.Only(p.Is(v, vec.NotAtMost, l.low), d)
	p.Only(p.Is(v, vec.NotAtLeast, l.high), d)
}

// scaled returns x*scale + shift.
func scaled(p vec.Piece, x reg.Register, scale, shift Op) reg.VecVirtual {
	v := p.Load(x)
	VMULPS(scale, v, v)
	VADDPS(shift, v, v)
	return v
}

// scaleShift gives VMAXPS and VMINPS the value as the last of their operands: it
// is what comes out unless the limit is beyond it.
func scaleShift(s vec.Set) {
	f := s.Begin("scaleShift", "(y, x, scale, shift []float32, low, high float32, past bool)",
		"computes y[i*cols+j] = x[i*cols+j]*scale[j] + shift[j], but at least low and at most high.")
	f.EndEither("past", func() {
		y, x, scale, shift := vec.Base("y"), vec.Base("x"), vec.Base("scale"), vec.Base("shift")
		l := loadLimits(s)
		m := matrix{f, vec.Len("scale"), vec.Len("x")}
		m.values(func(p, cols vec.Piece) {
			v := scaled(p, x, cols.Mem(scale), cols.Mem(shift))
			VMAXPS(v, l.low, v)
			VMINPS(v, l.high, v)
			p.Store(v, y)
		})
	})
}

func scaleShiftAdd(s vec.Set) {
	f := s.Begin("scaleShiftAdd", "(y, x, scale, shift, r, rscale, rshift []float32, low float32, past bool)",
		"computes y[i*cols+j] = (x[i*cols+j]*scale[j] + shift[j]) + (r[i*cols+j]*rscale[j] + rshift[j]), but at least low.")
	f.EndEither("past", func() {
		y, x, scale, shift := vec.Base("y"), vec.Base("x"), vec.Base("scale"), vec.Base("shift")
		r, rscale, rshift := vec.Base("r"), vec.Base("rscale"), vec.Base("rshift")
		low := s.Broadcast("low")
		m := matrix{f, vec.Len("scale"), vec.Len("x")}
		m.values(func(p, cols vec.Piece) {
			v := scaled(p, x, cols.Mem(scale), cols.Mem(shift))
			w := scaled(p, r, cols.Mem(rscale), cols.Mem(rshift))
			VADDPS(w, v, v)
			VMAXPS(v, low, v)
			p.Store(v, y)
		})
	})
}

func scaleShiftSums(s vec.Set) {
	f := s.Begin("scaleShiftSums", "(sum, dot, g, x, scale, shift, center []float32, low, high float32)",
		"computes sum[j] += sum(i) d, dot[j] += sum(i) d*(x[i*cols+j]-center[j])",
		"with d = g[i*cols+j] where low < x[i*cols+j]*scale[j] + shift[j] < high, else 0.")
	dy, x, scale, shift, center := vec.Base("g"), vec.Base("x"), vec.Base("scale"), vec.Base("shift"), vec.Base("center")
	l := loadLimits(s)
	m := matrix{f, vec.Len("sum"), vec.Len("x")}
	m.groups(func(g group) {
		scales, shifts, centers := g.parameters(scale), g.parameters(shift), g.parameters(center)
		sums, dots := g.accumulators(), g.accumulators()
		g.rows(func(row int, ps []vec.Piece) {
			for i, p := range ps {
				v, d := scaled(p, x, scales[i], shifts[i]), p.Load(dy)
				l.within(p, v, d)
				g.addDots(sums[row][i], dots[row][i], d, p.Load(x), centers[i])
			}
		})
		g.addTo(vec.Base("sum"), sums)
		g.addTo(vec.Base("dot"), dots)
	})
	f.End()
}

func reluSums(s vec.Set) {
	f := s.Begin("reluSums", "(d, sum, dot, g, x, y, center []float32)",
		"computes d[i*cols+j] = 0 where y[i*cols+j] <= 0, else g[i*cols+j],",
		"sum[j] += sum(i) d[i*cols+j], dot[j] += sum(i) d[i*cols+j]*(x[i*cols+j]-center[j]).")
	into, dy, x, y := vec.Base("d"), vec.Base("g"), vec.Base("x"), vec.Base("y")
	center := vec.Base("center")
	zero := s.Zeros(1)[0]
	m := matrix{f, vec.Len("sum"), vec.Len("x")}
	m.groups(func(g group) {
		centers, sums, dots := g.parameters(center), g.accumulators(), g.accumulators()
		g.rows(func(row int, ps []vec.Piece) {
			for i, p := range ps {
				d := p.LoadWhere(p.Unless(p.Operand(y), zero), dy)
				p.Store(d, into)
				g.addDots(sums[row][i], dots[row][i], d, p.Load(x), centers[i])
			}
		})
		g.addTo(vec.Base("sum"), sums)
		g.addTo(vec.Base("dot"), dots)
	})
	f.End()
}

func columnGrad(s vec.Set) {
	f := s.Begin("columnGrad", "(dx, g, x, a, b, c []float32)",
		"computes dx[i*cols+j] = g[i*cols+j]*a[j] + (x[i*cols+j]*b[j] + c[j]).")
	dx, dy, x := vec.Base("dx"), vec.Base("g"), vec.Base("x")
	a, b, c := vec.Base("a"), vec.Base("b"), vec.Base("c")
	m := matrix{f, vec.Len("a"), vec.Len("x")}
	m.values(func(p, cols vec.Piece) {
		d, v := p.Load(dy), scaled(p, x, cols.Mem(b), cols.Mem(c))
		VMULPS(cols.Mem(a), d, d)
		VADDPS(v, d, d)
		p.Store(d, dx)
	})
	f.End()
}

func scaleShiftGrad(s vec.Set) {
	f := s.Begin("scaleShiftGrad", "(dx, g, x, scale, shift, a, b, c []float32, low, high float32)",
		"computes dx[i*cols+j] = d*a[j] + (x[i*cols+j]*b[j] + c[j])",
		"with d = g[i*cols+j] where low < x[i*cols+j]*scale[j] + shift[j] < high, else 0.")
	dx, dy, x, scale, shift := vec.Base("dx"), vec.Base("g"), vec.Base("x"), vec.Base("scale"), vec.Base("shift")
	a, b, c := vec.Base("a"), vec.Base("b"), vec.Base("c")
	l := loadLimits(s)
	m := matrix{f, vec.Len("a"), vec.Len("x")}
	m.values(func(p, cols vec.Piece) {
		d := p.Load(dy)
		l.within(p, scaled(p, x, cols.Mem(scale), cols.Mem(shift)), d)
		VMULPS(cols.Mem(a), d, d)
		v := scaled(p, x, cols.Mem(b), cols.Mem(c))
		VADDPS(v, d, d)
		p.Store(d, dx)
	})
	f.End()
}

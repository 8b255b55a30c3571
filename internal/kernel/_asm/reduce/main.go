// Command reduce writes the reductions of package kernel.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../reduce_amd64.s -stubs ../../reduce_stubs_amd64.go -pkg kernel

// accumulators is how many independent sums there are: an addition takes up to
// four cycles, and two vectors can be read in each cycle.
const accumulators = 8

// magnitudeBits are all bits of a float32 but its sign.
const magnitudeBits = 0x7fffffff

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		sumSquares(s)
		sum(s)
		absMax(s)
		sumAbs(s)
		dot(s)
	}
	Generate()
}

func add(a, b, c Op) { VADDPS(a, b, c) }
func max(a, b, c Op) { VPMAXUD(a, b, c) }

func sumSquares(s vec.Set) {
	f := s.Begin("sumSquares", "(x []float32, center float32) float32", "returns sum((x[i]-center)^2).")
	x, n, center := vec.Base("x"), vec.Len("x"), s.Broadcast("center")
	sums := s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		d := p.Load(x)
		VSUBPS(center, d, d)
		p.Keep(d)
		VFMADD231PS(d, d, sums[p.N])
	})
	f.EndWith(s.Fold(sums, add))
}

func sum(s vec.Set) {
	f := s.Begin("sum", "(x []float32) float32", "returns sum(x[i]).")
	x, n := vec.Base("x"), vec.Len("x")
	sums := s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		VADDPS(p.Operand(x), sums[p.N], sums[p.N])
	})
	f.EndWith(s.Fold(sums, add))
}

// absMax compares magnitudes as integers: these have the order of the floats,
// with NaN above all numbers.
func absMax(s vec.Set) {
	f := s.Begin("absMax", "(x []float32, center float32) float32", "returns max(|x[i]-center|).")
	x, n, center := vec.Base("x"), vec.Len("x"), s.Broadcast("center")
	magnitude, most := s.Splat(magnitudeBits), s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		d := p.Load(x)
		VSUBPS(center, d, d)
		p.Keep(d)
		VANDPS(magnitude, d, d)
		VPMAXUD(d, most[p.N], most[p.N])
	})
	f.EndWith(s.Fold(most, max))
}

func sumAbs(s vec.Set) {
	f := s.Begin("sumAbs", "(x []float32) float32", "returns sum(|x[i]|).")
	x, n := vec.Base("x"), vec.Len("x")
	magnitude, sums := s.Splat(magnitudeBits), s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		v := p.New()
		VANDPS(p.Operand(x), magnitude, v)
		VADDPS(v, sums[p.N], sums[p.N])
	})
	f.EndWith(s.Fold(sums, add))
}

func dot(s vec.Set) {
	f := s.Begin("dot", "(x, y []float32) float32", "returns sum(x[i]*y[i]).")
	x, y, n := vec.Base("x"), vec.Base("y"), vec.Len("x")
	sums := s.Zeros(accumulators)
	f.EachMasked(n, accumulators, func(p vec.Piece) {
		v := p.Load(x)
		VFMADD231PS(p.Operand(y), v, sums[p.N])
	})
	f.EndWith(s.Fold(sums, add))
}

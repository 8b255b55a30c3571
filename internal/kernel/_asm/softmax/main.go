// Command softmax writes the parts of a softmax.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../softmax_amd64.s -stubs ../../softmax_stubs_amd64.go -pkg kernel

const unroll = 4

func main() {
	ConstraintExpr("!purego")
	table := vec.NewTable("softmaxConstants")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		largest(s)
		expSub(s, table)
		softmaxGrad(s)
	}
	Generate()
}

// largest keeps the greatest magnitude beside the greatest value: it is that of
// a NaN if there is one, while a maximum of floats can lose it.
func largest(s vec.Set) {
	const (
		magnitudeBits = 0x7fffffff
		infinityBits  = 0x7f800000
	)
	f := s.Begin("largest", "(x []float32) float32", "returns max(x[i]), or a NaN if there is one.")
	x, n := vec.Base("x"), vec.Len("x")
	magnitude, lowest := s.Splat(magnitudeBits), s.SplatFloat(float32(math.Inf(-1)))
	most, magnitudes := s.Zeros(unroll), s.Zeros(unroll)
	for _, r := range most {
		VMOVAPS(lowest, r)
	}
	f.EachMasked(n, unroll, func(p vec.Piece) {
		v := p.Load(x)
		p.KeepOr(v, lowest)
		VMAXPS(v, most[p.N], most[p.N])
		VANDPS(magnitude, v, v)
		VPMAXUD(v, magnitudes[p.N], magnitudes[p.N])
	})
	result := s.Fold(most, func(a, b, c Op) { VMAXPS(a, b, c) })
	nan := s.Fold(magnitudes, func(a, b, c Op) { VPMAXUD(a, b, c) })
	VPCMPGTD(s.Splat(infinityBits).AsX(), nan, nan) // all bits set is a NaN as well
	VORPS(nan, result, result)
	f.EndWith(result)
}

func expSub(s vec.Set, table *vec.Table) {
	f := s.Begin("expSub", "(dst, x []float32, shift float32) float32",
		"computes dst[i] = exp(x[i]-shift) and returns sum(dst[i]).")
	dst, x, n := vec.Base("dst"), vec.Base("x"), vec.Len("dst")
	shift, exp := s.Broadcast("shift"), table.Constants(f).Exp(1)
	least, greatest := s.SplatFloat(vec.ExpLeast), s.SplatFloat(vec.ExpGreatest)
	sums := s.Zeros(2)
	f.EachMasked(n, len(sums), func(p vec.Piece) {
		v := p.Load(x)
		VSUBPS(shift, v, v)
		VMAXPS(v, least, v) // v comes last: a NaN stays
		VMINPS(v, greatest, v)
		y := exp.Raise(exp.Reduce(v))
		p.StoreMasked(y, dst)
		p.Keep(y)
		VADDPS(y, sums[p.N], sums[p.N])
	})
	f.EndWith(s.Fold(sums, func(a, b, c Op) { VADDPS(a, b, c) }))
}

func softmaxGrad(s vec.Set) {
	f := s.Begin("softmaxGrad", "(dx, dy, y []float32, dot float32)", "computes dx[i] = y[i]*(dy[i]-dot).")
	dx, dy, y, n := vec.Base("dx"), vec.Base("dy"), vec.Base("y"), vec.Len("dx")
	dot := s.Broadcast("dot")
	f.Each(n, unroll, func(p vec.Piece) {
		v := p.Load(dy)
		VSUBPS(p.Of(dot), v, v)
		VMULPS(p.Operand(y), v, v)
		p.Store(v, dx)
	})
	f.End()
}

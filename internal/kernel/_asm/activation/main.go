// Command activation writes the activation functions of package kernel.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../activation_amd64.s -stubs ../../activation_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	table := vec.NewTable("activationConstants")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		g := generator{s, table}
		g.values("sigmoid", "1/(1 + exp(-x[i]))", sigmoid)
		g.gradients("sigmoid", "dy[i]*s*(1-s) with s = 1/(1 + exp(-x[i]))", sigmoidGrad)
		g.values("silu", "x[i]/(1 + exp(-x[i]))", silu)
		g.gradients("silu", "dy[i]*s*(1 + x[i]*(1-s)) with s = 1/(1 + exp(-x[i]))", siluGrad)
		g.values("gelu", "x[i]*P(x[i]) with the normal distribution P", gelu)
		g.gradients("gelu", "dy[i]*(P(x[i]) + x[i]*p(x[i])) with the normal distribution P and its density p", geluGrad)
		g.values("hardsigmoid", "min(max(x[i]+3, 0), 6) / 6", hardsigmoid)
		g.gradients("hardsigmoid", "dy[i]*(1/6) where -3 < x[i] < 3, else 0", hardsigmoidGrad)
		g.values("hardswish", "x[i] * min(max(x[i]+3, 0), 6) / 6", hardswish)
		g.gradients("hardswish", "dy[i]*(x[i]/3 + 0.5), but 0 where x[i] < -3 and dy[i] where x[i] > 3", hardswishGrad)
		g.values("relu6", "min(max(x[i], 0), 6)", relu6)
		g.gradients("relu6", "0 where x[i] <= 0 or x[i] >= 6, else dy[i]", relu6Grad)
	}
	Generate()
}

// A generator writes functions for a set.
type generator struct {
	vec.Set
	table *vec.Table
}

// A value writes f(x) for a piece. It may use x up.
type value func(p vec.Piece, x reg.VecVirtual) reg.VecVirtual

// A gradient writes dy*f'(x) for a piece, with dy the address of the array. It
// may use x up.
type gradient func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual

// magnitudeBits are all bits of a float32 but its sign.
const magnitudeBits = 0x7fffffff

// unroll is small: the turns of a loop do not wait for each other.
const unroll = 2

// values writes the function y = f(x), of which prepare loads the constants.
func (g generator) values(name, doc string, prepare func(vec.Constants) value) {
	f := g.Begin(name, "(y, x []float32, past bool)", "computes y[i] = "+doc+".")
	f.EndEither("past", func() {
		y, x, n, value := vec.Base("y"), vec.Base("x"), vec.Len("y"), prepare(g.table.Constants(f))
		f.EachMasked(n, unroll, func(p vec.Piece) { p.StoreMasked(value(p, p.Load(x)), y) })
	})
}

// gradients writes the function dx = dy*f'(x), of which prepare loads the
// constants.
func (g generator) gradients(name, doc string, prepare func(vec.Constants) gradient) {
	f := g.Begin(name+"Grad", "(dx, dy, x []float32)", "computes dx[i] = "+doc+".")
	dx, dy, x, n, gradient := vec.Base("dx"), vec.Base("dy"), vec.Base("x"), vec.Len("dx"), prepare(g.table.Constants(f))
	f.EachMasked(n, unroll, func(p vec.Piece) { p.StoreMasked(gradient(p, dy, p.Load(x)), dx) })
	f.End()
}

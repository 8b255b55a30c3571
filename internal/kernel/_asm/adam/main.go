// Command adam writes the Adam step of package kernel.
package main

import (
	. "github.com/mmcloughlin/avo/build"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

//go:generate go run . -out ../../adam_amd64.s -stubs ../../adam_stubs_amd64.go -pkg kernel

func main() {
	ConstraintExpr("!purego")
	for _, s := range []vec.Set{vec.AVX2, vec.AVX512} {
		adam(s)
	}
	Generate()
}

// adam rounds after every operation, in the order of adamGeneric.
func adam(s vec.Set) {
	f := s.Begin("adam", "(w, m, v, g []float32, beta1, rest1, beta2, rest2, rate, rootCorrect, eps float32)",
		"is Adam with rest = 1 - beta.")
	w, m, v, g, n := vec.Base("w"), vec.Base("m"), vec.Base("v"), vec.Base("g"), vec.Len("g")
	beta1, rest1 := s.Broadcast("beta1"), s.Broadcast("rest1")
	beta2, rest2 := s.Broadcast("beta2"), s.Broadcast("rest2")
	rate, rootCorrect, eps := s.Broadcast("rate"), s.Broadcast("rootCorrect"), s.Broadcast("eps")
	f.Each(n, 2, func(p vec.Piece) {
		d, t := p.Load(g), p.New()

		// m = beta1*m + rest1*g
		first := p.New()
		VMULPS(p.Operand(m), p.Of(beta1), first)
		VMULPS(d, p.Of(rest1), t)
		VADDPS(t, first, first)
		p.Store(first, m)

		// v = beta2*v + rest2*g*g
		second := p.New()
		VMULPS(p.Operand(v), p.Of(beta2), second)
		VMULPS(d, p.Of(rest2), t)
		VMULPS(d, t, t)
		VADDPS(t, second, second)
		p.Store(second, v)

		// w -= rate*m / (sqrt(v)/rootCorrect + eps)
		VSQRTPS(second, second)
		VDIVPS(p.Of(rootCorrect), second, second)
		VADDPS(p.Of(eps), second, second)
		VMULPS(p.Of(rate), first, first)
		VDIVPS(second, first, first)
		weight := p.Load(w)
		VSUBPS(first, weight, weight)
		p.Store(weight, w)
	})
	f.End()
}

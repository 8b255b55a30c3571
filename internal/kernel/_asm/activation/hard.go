package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

// The piecewise linear functions follow the portable forms operation by
// operation.

// A clamp writes min(max(x, 0), 6).
type clamp struct{ zero, six reg.VecVirtual }

func newClamp(c vec.Constants) clamp { return clamp{c.Zeros(1)[0], c.SplatFloat(6)} }

// apply clamps v. v comes last in each instruction: a NaN stays, and so does -0.
func (c clamp) apply(v reg.VecVirtual) {
	VMAXPS(v, c.zero, v)
	VMINPS(v, c.six, v)
}

func relu6(c vec.Constants) value {
	range6 := newClamp(c)
	return func(_ vec.Piece, x reg.VecVirtual) reg.VecVirtual {
		range6.apply(x)
		return x
	}
}

func relu6Grad(c vec.Constants) gradient {
	range6 := newClamp(c)
	return func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual {
		d := p.Load(dy)
		p.Only(p.Is(x, vec.NotAtMost, range6.zero), d)
		p.Only(p.Is(x, vec.NotAtLeast, range6.six), d)
		return d
	}
}

func hardsigmoid(c vec.Constants) value {
	range6, three := newClamp(c), c.Constant(3)
	return func(_ vec.Piece, x reg.VecVirtual) reg.VecVirtual {
		VADDPS(three, x, x)
		range6.apply(x)
		VDIVPS(range6.six, x, x)
		return x
	}
}

func hardsigmoidGrad(c vec.Constants) gradient {
	from, to, sixth := c.Constant(-3), c.Constant(3), c.Constant(1./6)
	return func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual {
		d := p.Load(dy)
		VMULPS(sixth, d, d)
		p.Only(p.Is(x, vec.Greater, from), d)
		p.Only(p.Is(x, vec.Less, to), d)
		return d
	}
}

func hardswish(c vec.Constants) value {
	range6, three := newClamp(c), c.Constant(3)
	return func(p vec.Piece, x reg.VecVirtual) reg.VecVirtual {
		y := p.New()
		VADDPS(three, x, y)
		range6.apply(y)
		VMULPS(x, y, y)
		VDIVPS(range6.six, y, y)
		return y
	}
}

func hardswishGrad(c vec.Constants) gradient {
	from, to, half := c.Constant(-3), c.Constant(3), c.Constant(0.5)
	return func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual {
		d, slope := p.Load(dy), p.New()
		VDIVPS(to, x, slope)
		VADDPS(half, slope, slope)
		VMULPS(d, slope, slope)
		d = p.Select(p.Is(x, vec.Greater, to), d, slope)
		p.Only(p.Is(x, vec.NotLess, from), d)
		return d
	}
}

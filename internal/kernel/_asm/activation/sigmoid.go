package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

// A logistic writes what Sigmoid and SiLU are made of. With e = exp(-|x|), which
// cannot overflow,
//
//	s(x) = 1/(1+e)  and  s(-x) = e/(1+e)    for x >= 0
//
// and the other way round for x < 0: neither is a difference.
type logistic struct {
	vec.Exp
	one             Op
	magnitude, most reg.VecVirtual
}

func newLogistic(c vec.Constants) logistic {
	return logistic{c.Exp(-1), c.Constant(1), c.Splat(magnitudeBits), c.SplatFloat(-vec.ExpLeast)}
}

// exponential returns e and 1+e.
func (l logistic) exponential(x reg.VecVirtual) (e, sum reg.VecVirtual) {
	t := l.New()
	VANDPS(l.magnitude, x, t)
	VMINPS(t, l.most, t) // t comes last: a NaN stays
	e = l.Raise(l.Reduce(t))
	sum = l.New()
	VADDPS(l.one, e, sum)
	return e, sum
}

func sigmoid(c vec.Constants) value {
	l := newLogistic(c)
	return func(p vec.Piece, x reg.VecVirtual) reg.VecVirtual {
		e, sum := l.exponential(x)
		y := p.Select(p.Negative(x), e, l.Copy(l.one))
		VDIVPS(sum, y, y)
		return y
	}
}

func silu(c vec.Constants) value {
	l := newLogistic(c)
	return func(p vec.Piece, x reg.VecVirtual) reg.VecVirtual {
		e, sum := l.exponential(x)
		y := p.Select(p.Negative(x), e, l.Copy(l.one))
		VMULPS(x, y, y)
		VDIVPS(sum, y, y)
		return y
	}
}

// sigmoidGrad computes dy * e/(1+e)^2.
func sigmoidGrad(c vec.Constants) gradient {
	l := newLogistic(c)
	return func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual {
		e, sum := l.exponential(x)
		VMULPS(sum, sum, sum)
		VDIVPS(sum, e, e)
		VMULPS(p.Operand(dy), e, e)
		return e
	}
}

func siluGrad(c vec.Constants) gradient {
	l := newLogistic(c)
	return func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual {
		smaller, sum := l.exponential(x)
		larger := l.Copy(l.one)
		VDIVPS(sum, larger, larger)
		VMULPS(larger, smaller, smaller)
		negative := p.Negative(x)
		s, rest := p.Select(negative, smaller, larger), p.Select(negative, larger, smaller)
		VFMADD213PS(l.one, x, rest)
		VMULPS(rest, s, s)
		VMULPS(p.Operand(dy), s, s)
		return s
	}
}

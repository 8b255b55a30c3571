package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

// A normal writes the normal distribution P for AVX2. With t = |x|,
//
//	P(-t) = exp(-t^2/2) * N(t)/D(t)
//
// N/D is the rational function of degrees 4 and 5 with the least relative error
// in place of exp(t^2/2)*erfc(t/sqrt(2))/2 for t <= 14.5, 1.1e-8 with its
// coefficients rounded to float32. P(-14.5) is less than any float32, and so it
// is for all greater t.
//
// What t^2 loses by rounding would be a multiple of t^2 as an error of P: it is
// computed and taken into account.
type normal struct {
	vec.Exp
	one                    Op
	numerator, denominator []Op // that of t^5 in the denominator is 1
	magnitude, most        reg.VecVirtual
}

func newNormal(c vec.Constants) normal {
	return normal{
		Exp: c.Exp(-0.5), one: c.Constant(1),
		numerator:   c.Coefficients(0x1.83acbp+5, 0x1.53d4ep+5, 0x1.1c247p+4, 0x1.f81430p+1, 0x1.988588p-2),
		denominator: c.Coefficients(0x1.83acbp+6, 0x1.44935cp+7, 0x1.d22e06p+6, 0x1.6c00eap+5, 0x1.3be79p+3),
		magnitude:   c.Splat(magnitudeBits), most: c.SplatFloat(14.5),
	}
}

// distribution returns P(x) and exp(-x^2/2).
func (d normal) distribution(p vec.Piece, x reg.VecVirtual) (below, exponential reg.VecVirtual) {
	t, square := d.New(), d.New()
	VANDPS(d.magnitude, x, t)
	VMINPS(t, d.most, t) // t comes last: a NaN stays
	VMULPS(t, t, square)
	n, f := d.Reduce(square)
	lost := d.Copy(t)
	VFMSUB213PS(square, t, lost) // t^2 - square
	VFMADD231PS(d.B, lost, f)
	exponential = d.Raise(n, f)

	tail := d.Polynomial(t, d.numerator...)
	VMULPS(exponential, tail, tail)
	VDIVPS(d.MonicPolynomial(t, d.denominator...), tail, tail)
	rest := d.Copy(d.one)
	VSUBPS(tail, rest, rest)
	return p.Select(p.Negative(x), tail, rest), exponential
}

// ratio returns exp(t^2/2)*P(-t).
func ratio(t float64) float64 { return math.Exp(t*t/2) * math.Erfc(t/math.Sqrt2) / 2 }

// density is 1/sqrt(2*pi): p(t) = density*exp(-t^2/2).
const density = 1 / (math.Sqrt2 * math.SqrtPi)

func gelu(c vec.Constants) value {
	if c.Set == vec.AVX512 {
		return geluPiecewise(c)
	}
	d := newNormal(c)
	return func(p vec.Piece, x reg.VecVirtual) reg.VecVirtual {
		y, _ := d.distribution(p, x)
		VMULPS(x, y, y)
		return y
	}
}

// geluPiecewise computes max(x, 0) - t*P(-t), but NaN for -Inf.
func geluPiecewise(c vec.Constants) value {
	const negativeTo0, negativeInfinityToNaN = 8 << 24, 3 << 16 // for VFIXUPIMMPS
	tail, fix := newPiecewise(c, ratio), c.Splat(negativeTo0|negativeInfinityToNaN)
	return func(p vec.Piece, x reg.VecVirtual) reg.VecVirtual {
		t := tail.magnitude(x)
		VFIXUPIMMPS(Imm(0), fix, x, x)
		VFNMADD231PS(t, tail.value(t), x)
		return x
	}
}

func geluGrad(c vec.Constants) gradient {
	if c.Set == vec.AVX512 {
		return geluGradPiecewise(c)
	}
	d, density := newNormal(c), c.Constant(density)
	return func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual {
		slope, e := d.distribution(p, x)
		VMULPS(density, e, e)
		VFMADD231PS(x, e, slope)
		VMULPS(p.Operand(dy), slope, slope)
		return slope
	}
}

// geluGradPiecewise computes dy*s(t) for x < 0 and dy*(1-s(t)) for the others,
// with s(t) = P(-t) - t*p(t), but NaN for an infinite x.
func geluGradPiecewise(c vec.Constants) gradient {
	const nanToNaN, infinityToNaN = 0x22, 0x33 << 16 // for VFIXUPIMMPS
	s := newPiecewise(c, func(t float64) float64 { return ratio(t) - t*density })
	zero, fix := c.Zeros(1)[0], c.Splat(nanToNaN|infinityToNaN)
	return func(p vec.Piece, dy reg.Register, x reg.VecVirtual) reg.VecVirtual {
		slope := s.value(s.magnitude(x))
		VSUBPS(slope, s.one, p.Is(x, vec.NotLess, zero), slope)
		VFIXUPIMMPS(Imm(0), fix, x, slope)
		VMULPS(p.Operand(dy), slope, slope)
		return slope
	}
}

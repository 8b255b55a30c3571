package vec

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An Exp writes the exponential function exp(scale*x). With b = scale*log2(e),
// n the integer nearest to b*x and f = b*x - n,
//
//	exp(scale*x) = 2^n * 2^f,  2^f = 1 + f*p(f),  |f| <= 1/2
//
// p is the polynomial of degree 5 with the least relative error of 2^f, 5e-9
// with its coefficients rounded to float32. All in all the error is less than
// an ulp if scale is a power of two; both sets compute the same bits.
type Exp struct {
	Constants
	B, rest, one Op // B + rest is b
	p            []Op
}

// The bounds of scale*x. Beyond them the exponential is 0 and +Inf.
const (
	ExpLeast    = -105
	ExpGreatest = 89
)

// Exp loads what the exponential function needs.
func (c Constants) Exp(scale float64) Exp {
	b := scale * math.Log2E
	return Exp{
		Constants: c,
		B:         c.Constant(b), rest: c.Constant(b - float64(float32(b))), one: c.Constant(1),
		p: c.Coefficients(0x1.62e43p-1, 0x1.ebfbdap-3, 0x1.c6af2cp-5, 0x1.3b2e28p-7, 0x1.5f3ef8p-10, 0x1.41fc3cp-13),
	}
}

// Reduce returns n and f for x within the bounds, or a NaN.
func (e Exp) Reduce(x reg.VecVirtual) (n, f reg.VecVirtual) {
	n = e.New()
	VMULPS(e.B, x, n)
	const nearest = 0
	if e.Set == AVX512 {
		VRNDSCALEPS(Imm(nearest), n, n)
	} else {
		VROUNDPS(Imm(nearest), n, n)
	}
	f = e.Copy(n)
	VFMSUB231PS(e.B, x, f)
	VFMADD231PS(e.rest, x, f)
	return n, f
}

// Raise returns 2^n * 2^f. It uses n up.
func (e Exp) Raise(n, f reg.VecVirtual) reg.VecVirtual {
	y := e.Polynomial(f, e.p...)
	VFMADD213PS(e.one, f, y)
	if e.Set == AVX512 {
		VSCALEFPS(n, y, y)
		return y
	}
	// 2^n may be out of range where the result is not: n is cut into two halves.
	// The first is added to the exponent of 2^f.
	const fraction = 23
	half := YMM()
	VCVTPS2DQ(n, n)
	VPSRAD(Imm(1), n, half)
	VPSUBD(half, n, n)
	VPSLLD(Imm(fraction), half, half)
	VPADDD(half, y, y)
	VPSLLD(Imm(fraction), n, n)
	VPADDD(e.one, n, n)
	VMULPS(n, y, y)
	return y
}

// Polynomial returns c[0] + c[1]*x + c[2]*x^2 + ...
func (s Set) Polynomial(x reg.VecVirtual, c ...Op) reg.VecVirtual {
	last := len(c) - 1
	y := s.Copy(c[last])
	for i := last - 1; i >= 0; i-- {
		VFMADD213PS(c[i], x, y)
	}
	return y
}

// MonicPolynomial returns c[0] + c[1]*x + ... + x^n for n coefficients c.
func (s Set) MonicPolynomial(x reg.VecVirtual, c ...Op) reg.VecVirtual {
	last := len(c) - 1
	y := s.New()
	VADDPS(c[last], x, y)
	for i := last - 1; i >= 0; i-- {
		VFMADD213PS(c[i], x, y)
	}
	return y
}

// Copy returns a fresh register with the value of an operand.
func (s Set) Copy(v Op) reg.VecVirtual {
	r := s.New()
	VMOVUPS(v, r)
	return r
}

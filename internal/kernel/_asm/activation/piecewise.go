package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/AlarioAI/bitnet/internal/kernel/_asm/vec"
)

// A piecewise writes exp(-t^2/2)*F(t) for t = min(|x|, 14.5) and a smooth F. It
// is for AVX-512, which can look coefficients up.
//
// With j = -t^2/step, rounded to an integer, r = t^2 + step*j is rounded but
// once, since step has nine bits. Exactly,
//
//	exp(-t^2/2) = 2^(j/32) * exp(-(1+excess)*r/2) * exp(excess*t^2/2)
//
// where step*(1+excess) = 2*ln(2)/32. The first factor is looked up by the last
// five bits of j, the others are added to its exponent. The second one is
// 1 + p[0]*r + p[1]*r^2, off by 6e-8. The third one belongs to F.
//
// F is a polynomial of degree 5 in each of 16 segments. The exponent of v = t+1
// and the first two bits of its fraction number them. The polynomial is one of
// d = t-v0, where v0 is the least v of the segment: nothing is lost by rounding
// v, and since d is below 0, the terms do not cancel. It is off by at most 1.1e-7
// of P(-t)'s F, and of the terms that the gradient's F is the difference of.
//
// The first factor would not always be a normal number: it is made larger by
// 2^40, and F smaller.
type piecewise struct {
	vec.Constants
	one, perStep, integers, step, back Op
	p                                  []Op
	powers                             vec.Lookup
	coefficients                       []vec.Lookup
	first, most                        reg.VecVirtual // first is the mask that makes v0 of v
}

const (
	fraction = 23 // bits of a float32
	bias     = 40

	powerBits = 5
	step      = 355.0 / 8192
	excess    = 2*math.Ln2/(1<<powerBits)/step - 1
	integers  = 3 << (fraction - 1) // a float32 about as large is an integer

	segments    = 16
	segmentBits = fraction - 2
)

func newPiecewise(c vec.Constants, f func(t float64) float64) piecewise {
	w := piecewise{
		Constants: c, one: c.Constant(1), perStep: c.Constant(-1 / step),
		integers: c.Constant(integers), step: c.Constant(step), back: c.Constant(-integers * step),
		first: c.Splat(1<<32 - 1<<segmentBits), most: c.SplatFloat(14.5),
	}
	p := fit(2, -step/2, step/2, func(r float64) float64 { return math.Exp(-(1 + excess) * r / 2) })
	w.p = c.Coefficients(p[1:]...) // p[0] is 1

	var powers [1 << powerBits]uint32
	for k := range powers {
		power := math.Exp2(bias + float64(k)/float64(len(powers)))
		powers[k] = math.Float32bits(float32(power)) - uint32(k)<<(fraction-powerBits)
	}
	w.powers = c.Lookup(powers[:])

	var coefficients [6][segments]uint32
	for bits := math.Float32bits(1); bits < math.Float32bits(16); bits += 1 << segmentBits {
		v0, v1 := float64(math.Float32frombits(bits)), float64(math.Float32frombits(bits+1<<segmentBits))
		here := fit(len(coefficients)-1, -1, v1-v0-1, func(d float64) float64 {
			t := v0 + d
			return f(t) * math.Exp(excess*t*t/2)
		})
		for i, v := range here {
			coefficients[i][bits>>segmentBits%segments] = math.Float32bits(float32(math.Ldexp(v, -bias)))
		}
	}
	for i := range coefficients {
		w.coefficients = append(w.coefficients, c.Lookup(coefficients[i][:]))
	}
	return w
}

// magnitude returns t, which is 14.5 for a NaN.
func (w piecewise) magnitude(x reg.VecVirtual) reg.VecVirtual {
	const least, positive = 2, 2 << 2 // what is least in magnitude, without its sign
	t := w.New()
	VRANGEPS(Imm(least|positive), w.most, x, t)
	return t
}

// value returns exp(-t^2/2)*F(t).
func (w piecewise) value(t reg.VecVirtual) reg.VecVirtual {
	j, r := w.New(), w.New()
	VMULPS(t, t, j)
	VFMADD213PS(w.integers, w.perStep, j)
	VMOVUPS(j, r)
	VFMADD213PS(w.back, w.step, r)
	VFMADD231PS(t, t, r)
	exponential := w.powers.At(j)
	VPSLLD(Imm(fraction-powerBits), j, j)
	VPADDD(j, exponential, exponential)
	p := w.Polynomial(r, w.p...)
	VFMADD213PS(w.one, r, p)
	VMULPS(p, exponential, exponential)

	v, d := w.New(), w.New()
	VADDPS(w.one, t, v)
	VANDPS(w.first, v, d)
	VSUBPS(d, t, d)
	VPSRLD(Imm(segmentBits), v, v)
	last := len(w.coefficients) - 1
	f := w.coefficients[last].At(v)
	for i := last - 1; i >= 0; i-- {
		VFMADD213PS(w.coefficients[i].At(v), d, f)
	}
	VMULPS(exponential, f, f)
	return f
}

// fit returns the coefficients of a polynomial of degree n in place of f between
// a and b, with nearly the least error. They are rounded to float32, from the
// highest power down: each is that of the Chebyshev series of what is left of f.
func fit(n int, a, b float64, f func(x float64) float64) []float64 {
	const nodes = 64
	var angle, x, rest [nodes]float64
	half := (b - a) / 2
	for i := range x {
		angle[i] = math.Pi * (float64(i) + 0.5) / nodes
		x[i] = a + half + half*math.Cos(angle[i])
		rest[i] = f(x[i])
	}
	c := make([]float64, n+1)
	for k := n; k >= 0; k-- {
		sum := 0.0
		for i, v := range rest {
			sum += v * math.Cos(float64(k)*angle[i])
		}
		// The series has 2*sum/nodes times the k-th Chebyshev polynomial, whose
		// highest coefficient is 2^(k-1); for k = 0 the halves cancel, too.
		c[k] = float64(float32(sum / nodes * math.Pow(2/half, float64(k))))
		for i := range rest {
			rest[i] -= c[k] * math.Pow(x[i], float64(k))
		}
	}
	return c
}

package quant

import (
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/tensor"
)

// A layer is a convolution or, where w has two axes, a linear layer on tokens.
type layer struct {
	name string
	x, w []int
	g    autograd.Geometry
}

func (l *layer) linear() bool { return len(l.w) == 2 }

// samples returns how many parts of x have an activation scale of their own
// (a norm of their own, for alario).
func (l *layer) samples(r Recipe) int {
	if l.linear() && r != Alario {
		return tensor.Of(l.x...).Len() / l.w[1]
	}
	return l.x[0]
}

// taps calls f for every product in the layer's definition, with the indices
// of the output, the input and the weight, and returns the number of outputs.
func (l *layer) taps(f func(y, x, w int)) (outputs int) {
	if l.linear() {
		o, k := l.w[0], l.w[1]
		rows := tensor.Of(l.x...).Len() / k
		for r := range rows {
			for i := range o * k {
				f(r*o+i/k, r*k+i%k, i)
			}
		}
		return rows * o
	}
	g, o, c := l.g, l.w[0], l.w[3]
	h, w := l.x[1], l.x[2]
	size := func(axis, in int) int {
		return (in+2*g.Padding[axis]-g.Dilation[axis]*(g.Kernel[axis]-1)-1)/g.Stride[axis] + 1
	}
	outH, outW := size(0, h), size(1, w)
	y := 0
	for n := range l.x[0] {
		for oh := range outH {
			for ow := range outW {
				for out := range o {
					group := out / (o / g.Groups)
					for tap := range g.Kernel[0] * g.Kernel[1] {
						kh, kw := tap/g.Kernel[1], tap%g.Kernel[1]
						row := oh*g.Stride[0] + kh*g.Dilation[0] - g.Padding[0]
						col := ow*g.Stride[1] + kw*g.Dilation[1] - g.Padding[1]
						if row < 0 || row >= h || col < 0 || col >= w {
							continue
						}
						for ch := range c {
							f(y, ((n*h+row)*w+col)*l.x[3]+group*c+ch, (out*g.Kernel[0]*g.Kernel[1]+tap)*c+ch)
						}
					}
					y++
				}
			}
		}
	}
	return y
}

// A pass is what a layer computes for the output gradient dy.
type pass struct{ y, dx, dw, dbias []float64 }

// naive is the documentation of Conv and of alario, in float64 and without
// any cleverness. doubt is the least distance of an activation from a rounding
// boundary, where float32 might decide otherwise.
func (l *layer) naive(r Recipe, x, w, bias, dy []float32) (p pass, doubt float64) {
	beta, center := 0.0, 0.0
	for _, v := range w {
		beta += math.Abs(float64(v)) / float64(len(w))
		center += float64(v) / float64(len(w))
	}
	codes := make([]float64, len(w))
	for i, v := range w {
		codes[i] = math.RoundToEven(min(max(float64(v)/(beta+1e-7), -1), 1))
		if r == B1 {
			codes[i] = -1
			if float64(v) > center {
				codes[i] = 1
			}
		}
	}

	count := l.samples(r)
	size := len(x) / count
	normed, roots, gammas := make([]float64, len(x)), make([]float64, count), make([]float64, count)
	peak := 0.0
	for s := range count {
		mean, squares, eps := 0.0, 0.0, 1e-6
		if r != B158 {
			eps = 1e-5
			for _, v := range x[s*size:][:size] {
				mean += float64(v) / float64(size)
			}
		}
		for _, v := range x[s*size:][:size] {
			squares += (float64(v) - mean) * (float64(v) - mean) / float64(size)
		}
		roots[s] = math.Sqrt(squares + eps)
		gammas[s] = 1e-5
		for i, v := range x[s*size:][:size] {
			normed[s*size+i] = (float64(v) - mean) / roots[s]
			gammas[s] = max(gammas[s], math.Abs(normed[s*size+i]))
		}
		peak = max(peak, gammas[s])
	}
	doubt = 0.5
	levels := 127.0
	if r == Alario {
		levels = 128
		for s := range gammas {
			gammas[s] = peak
		}
	}
	xcodes, passes := make([]float64, len(x)), make([]bool, len(x))
	for i, n := range normed {
		q := n * levels / gammas[i/size]
		xcodes[i], passes[i] = math.RoundToEven(q), true
		if r == Alario {
			bound := 128 - 1e-5
			xcodes[i], passes[i] = min(max(q, -bound), bound), math.Abs(q) < bound
		} else {
			doubt = min(doubt, math.Abs(math.Abs(q-math.Trunc(q))-0.5))
		}
	}

	outputs := l.taps(func(int, int, int) {})
	channels := l.w[0]
	perSample := outputs / count
	p = pass{make([]float64, outputs), make([]float64, len(x)), make([]float64, len(w)), make([]float64, channels)}
	l.taps(func(y, x, w int) {
		value := gammas[x/size] / levels // of one activation code
		d := float64(dy[y])
		p.y[y] += xcodes[x] * codes[w] * value * beta
		if r == Alario {
			p.dw[w] += d * value * beta * xcodes[x]
		} else {
			p.dw[w] += d * value * xcodes[x] * beta / (beta + 1e-7)
		}
		if passes[x] {
			p.dx[x] += d * beta * codes[w]
		}
	})
	for i := range p.y {
		scale := 1.0
		if r == Alario {
			scale = gammas[i/perSample] * beta / levels
		}
		if bias != nil {
			p.y[i] += scale * float64(bias[i%channels])
		}
		p.dbias[i%channels] += scale * float64(dy[i])
	}
	for s := range count { // through the norm
		dn, n := p.dx[s*size:][:size], normed[s*size:][:size]
		mean, dot := 0.0, 0.0
		for i, d := range dn {
			dot += d * n[i] / float64(size)
			if r != B158 {
				mean += d / float64(size)
			}
		}
		for i, d := range dn {
			dn[i] = (d - mean - n[i]*dot) / roots[s]
		}
	}
	return p, doubt
}

// compare checks got against want, up to a part of the largest element.
func compare(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	largest := 0.0
	for _, w := range want {
		largest = max(largest, math.Abs(w))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= tolerance*largest) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], w)
		}
	}
}

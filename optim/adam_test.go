package optim

import (
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A reference is Adam in float64, as the paper writes it: bias-corrected
// moments, and eps added to the root of the corrected one.
type reference struct {
	t       float64
	w, m, v []float64
}

func (r *reference) step(a Adam, g []float32) {
	r.t++
	for i, g := range g {
		g := float64(g)
		r.m[i] = a.Beta1*r.m[i] + (1-a.Beta1)*g
		r.v[i] = a.Beta2*r.v[i] + (1-a.Beta2)*g*g
		m := r.m[i] / (1 - math.Pow(a.Beta1, r.t))
		v := r.v[i] / (1 - math.Pow(a.Beta2, r.t))
		r.w[i] -= a.LR * m / (math.Sqrt(v) + a.Eps)
	}
}

func parameters(lengths ...int) []*tensor.Tensor {
	var all []*tensor.Tensor
	for i, n := range lengths {
		p := tensor.Normal(tensor.NewStream(1, "weights", uint64(i)), n)
		p.Grad = make([]float32, n)
		all = append(all, p)
	}
	return all
}

// size is the standard deviation of the gradients of weight i: from 1e-9 to
// 10, on both sides of eps.
func size(i int) float64 { return math.Pow(10, float64(i%11-9)) }

// gradients fills in the gradients of a step.
func gradients(params []*tensor.Tensor, step int) {
	for i, p := range params {
		r := tensor.NewStream(2, "gradients", uint64(step), uint64(i))
		for k := range p.Grad {
			p.Grad[k] = float32(r.Normal() * size(k))
		}
	}
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// check compares float32 values with those of the reference.
func check(t *testing.T, what string, got []float32, want []float64, tolerance func(i int) float64) {
	t.Helper()
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= tolerance(i)) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], w)
		}
	}
}

func TestAdamAgainstTheRecurrence(t *testing.T) {
	for name, a := range map[string]Adam{
		"defaults":    {LR: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8},
		"short betas": {LR: 0.5, Beta1: 0.5, Beta2: 0.75, Eps: 1e-8},
		"large eps":   {LR: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			p := parameters(77)
			s := a.Start(p)
			r := reference{w: widen(p[0].Data), m: make([]float64, 77), v: make([]float64, 77)}
			for step := 1; step <= 8; step++ {
				gradients(p, step)
				r.step(a, p[0].Grad)
				s.Step(nil)
				if s.Steps != step {
					t.Fatalf("%d steps counted, %d taken", s.Steps, step)
				}
				// A moment may be a small difference of large gradients.
				check(t, "m", s.M[0], r.m, func(i int) float64 { return 1e-6 * size(i) })
				check(t, "v", s.V[0], r.v, func(i int) float64 { return 1e-6 * (r.v[i] + size(i)*size(i)) })
				check(t, "w", p[0].Data, r.w, func(i int) float64 { return 1e-6*math.Abs(r.w[i]) + 1e-5*a.LR })
			}
		})
	}
}

func TestZeroFieldsAreDefaults(t *testing.T) {
	zero, explicit := parameters(40), parameters(40)
	a := Adam{LR: 0.01}.Start(zero)
	b := Adam{LR: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}.Start(explicit)
	for step := range 3 {
		gradients(zero, step)
		gradients(explicit, step)
		a.Step(nil)
		b.Step(nil)
	}
	if !slices.Equal(zero[0].Data, explicit[0].Data) {
		t.Error("the weights differ")
	}
}

// Corrected for its bias, the first step is lr in the direction of the
// gradient whatever its size, as long as that is well above eps.
func TestFirstStep(t *testing.T) {
	const lr = 0.25
	grads := []float32{1e-5, -1e-5, 1, -1, 1e5, -1e5, 0, 1e-8}
	want := []float64{-lr, lr, -lr, lr, -lr, lr, 0, -lr / 2} // the last gradient is eps
	p := tensor.New(len(grads))
	p.Grad = slices.Clone(grads)
	Adam{LR: lr}.Start([]*tensor.Tensor{p}).Step(nil)
	check(t, "step", p.Data, want, func(i int) float64 { return 2e-3 * math.Abs(want[i]) })
}

func TestGradientsAreClearedAndNoneStays(t *testing.T) {
	p := parameters(20000, 5)
	gradients(p, 1)
	p[1].Grad = nil
	before := slices.Clone(p[1].Data)
	s := Adam{LR: 0.1}.Start(p)
	s.Step(nil)
	if len(p[0].Grad) != 20000 || slices.ContainsFunc(p[0].Grad, func(g float32) bool { return g != 0 }) {
		t.Error("the gradients were not cleared")
	}
	if !slices.Equal(p[1].Data, before) || p[1].Grad != nil || slices.ContainsFunc(s.V[1], func(v float32) bool { return v != 0 }) {
		t.Error("the parameter without a gradient changed")
	}
}

func TestSameBits(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	alone, shared := parameters(40001, 3), parameters(40001, 3)
	a, b := Adam{LR: 0.01}.Start(alone), Adam{LR: 0.01}.Start(shared)
	for step := range 3 {
		gradients(alone, step)
		gradients(shared, step)
		a.Step(nil)
		b.Step(workers)
	}
	for i := range alone {
		if !slices.Equal(alone[i].Data, shared[i].Data) || !slices.Equal(a.M[i], b.M[i]) || !slices.Equal(a.V[i], b.V[i]) {
			t.Errorf("parameter %d differs", i)
		}
	}
}

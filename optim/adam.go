// Package optim holds the rules by which weights follow their gradients.
package optim

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/pages"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Adam is the configuration of Adam (Kingma and Ba, arXiv 1412.6980) as in
// torch.optim.Adam. Zero fields stand for PyTorch's defaults: betas 0.9 and
// 0.999, eps 1e-8; the learning rate has none.
type Adam struct {
	LR           float64
	Beta1, Beta2 float64
	Eps          float64
}

// AdamState is an Adam at work on some parameters.
type AdamState struct {
	Steps int         // taken so far
	M, V  [][]float32 // first and second moment of each parameter

	config Adam
	params []*tensor.Tensor
}

// Start returns an Adam that has not taken a step.
func (a Adam) Start(params []*tensor.Tensor) *AdamState {
	if a.Beta1 == 0 {
		a.Beta1 = 0.9
	}
	if a.Beta2 == 0 {
		a.Beta2 = 0.999
	}
	if a.Eps == 0 {
		a.Eps = 1e-8
	}
	s := &AdamState{config: a, params: params}
	for _, p := range params {
		s.M = append(s.M, pages.Make[float32](len(p.Data), len(p.Data)))
		s.V = append(s.V, pages.Make[float32](len(p.Data), len(p.Data)))
	}
	return s
}

// Step updates the parameters by their gradients and clears these. With t the
// number of the step, counted from one, and g the gradient:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + (1-beta2)*g^2
//	w = w - lr/(1-beta1^t) * m / (sqrt(v)/sqrt(1-beta2^t) + eps)
//
// A parameter without a gradient stays.
func (s *AdamState) Step(workers *parallel.Pool) {
	s.Steps++
	c := s.config
	t := float64(s.Steps)
	step := kernel.AdamStep{
		Beta1: float32(c.Beta1), Gain1: float32(1 - c.Beta1),
		Beta2: float32(c.Beta2), Gain2: float32(1 - c.Beta2),
		Eps:         float32(c.Eps),
		Rate:        float32(c.LR / (1 - math.Pow(c.Beta1, t))),
		RootCorrect: float32(math.Sqrt(1 - math.Pow(c.Beta2, t))),
	}
	const block = 1 << 14
	for i, p := range s.params {
		if p.Grad == nil {
			continue
		}
		parallel.Blocks(workers, len(p.Data), block, update{p, s.M[i], s.V[i], step}, func(u *update, lo, hi int) {
			kernel.Adam(u.p.Data[lo:hi], u.m[lo:hi], u.v[lo:hi], u.p.Grad[lo:hi], &u.step)
			clear(u.p.Grad[lo:hi]) // still in the cache
		})
	}
}

// An update is a step of one parameter.
type update struct {
	p    *tensor.Tensor
	m, v []float32
	step kernel.AdamStep
}

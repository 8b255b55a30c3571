package kernel

import "math"

// AdamStep holds the scalars of one step of Adam (Kingma and Ba, arXiv
// 1412.6980), combined as PyTorch's torch.optim.Adam combines them.
type AdamStep struct {
	Beta1, Beta2 float32 // decay of the moments
	Gain1, Gain2 float32 // 1 - beta1 and 1 - beta2, which lose digits if subtracted in float32
	Rate         float32 // learning rate / (1 - beta1^t)
	RootCorrect  float32 // sqrt(1 - beta2^t)
	Eps          float32
}

// Adam updates weights w and moments m, v by the gradient g:
//
//	m[i] = beta1*m[i] + gain1*g[i]
//	v[i] = beta2*v[i] + gain2*g[i]*g[i]
//	w[i] -= rate*m[i] / (sqrt(v[i])/rootCorrect + eps)
//
// Every operation is rounded for itself, so that all levels agree exactly.
func Adam(w, m, v, g []float32, s *AdamStep) {
	sameLength("Adam", g, w)
	sameLength("Adam", g, m)
	sameLength("Adam", g, v)
	adam(w, m, v, g, s)
}

func adamGeneric(w, m, v, g []float32, s *AdamStep) {
	for i, d := range g {
		m[i] = float32(s.Beta1*m[i]) + float32(s.Gain1*d)
		v[i] = float32(s.Beta2*v[i]) + float32(float32(s.Gain2*d)*d)
		root := float32(math.Sqrt(float64(v[i])))
		w[i] -= s.Rate * m[i] / (root/s.RootCorrect + s.Eps)
	}
}

package nn

import (
	"math"

	"github.com/AlarioAI/bitnet/tensor"
)

// An Initializer fills a new parameter. Weights are (O, K) or (O, KH, KW, C);
// their fans are PyTorch's:
//
//	fan in  = K, or KH*KW*C
//	fan out = O, or O*KH*KW
type Initializer func(rng *tensor.Stream, w *tensor.Tensor)

func fanIn(w *tensor.Tensor) int { return w.Shape.Len() / w.Shape.Dim(0) }

func fanOut(w *tensor.Tensor) int {
	if w.Shape.Rank() == 4 {
		return w.Shape.Dim(0) * w.Shape.Dim(1) * w.Shape.Dim(2)
	}
	return w.Shape.Dim(0)
}

// Constant sets every value to v.
func Constant(v float32) Initializer {
	return func(_ *tensor.Stream, w *tensor.Tensor) { fill(w, v) }
}

// Normal draws from the normal distribution of mean 0.
func Normal(std float64) Initializer {
	return func(rng *tensor.Stream, w *tensor.Tensor) {
		for i := range w.Data {
			w.Data[i] = float32(std * rng.Normal())
		}
	}
}

// TruncatedNormal is Normal without values beyond 2 in either direction.
// PyTorch: torch.nn.init.trunc_normal_ with its default bounds, which are values
// and not standard deviations.
func TruncatedNormal(std float64) Initializer {
	const bound = 2
	return func(rng *tensor.Stream, w *tensor.Tensor) {
		for i := range w.Data {
			v := std * rng.Normal()
			for math.Abs(v) > bound {
				v = std * rng.Normal()
			}
			w.Data[i] = float32(v)
		}
	}
}

// KaimingNormal draws from the normal distribution of variance 2/fan out (He et
// al., arXiv 1502.01852). PyTorch: torch.nn.init.kaiming_normal_ with
// mode="fan_out".
func KaimingNormal() Initializer {
	return func(rng *tensor.Stream, w *tensor.Tensor) {
		Normal(math.Sqrt(2/float64(fanOut(w))))(rng, w)
	}
}

// XavierUniform draws uniformly from +-sqrt(6/(fan in + fan out)) (Glorot and
// Bengio, 2010). PyTorch: torch.nn.init.xavier_uniform_.
func XavierUniform() Initializer {
	return func(rng *tensor.Stream, w *tensor.Tensor) {
		uniform(rng, w, math.Sqrt(6/float64(fanIn(w)+fanOut(w))))
	}
}

// UniformFanOut draws uniformly from +-1/sqrt(fan out).
func UniformFanOut() Initializer {
	return func(rng *tensor.Stream, w *tensor.Tensor) { uniform(rng, w, 1/math.Sqrt(float64(fanOut(w)))) }
}

func uniform(rng *tensor.Stream, w *tensor.Tensor, bound float64) {
	for i := range w.Data {
		w.Data[i] = float32(bound * (2*rng.Float64() - 1))
	}
}

// kaimingUniform is PyTorch's default for weights and biases of linear layers
// and convolutions alike: kaiming-uniform with a = sqrt(5) (He et al., arXiv
// 1502.01852), which is
//
//	uniform in [-1/sqrt(fanIn), 1/sqrt(fanIn))
func kaimingUniform(fanIn int) Initializer {
	bound := float32(1 / math.Sqrt(float64(fanIn)))
	return func(rng *tensor.Stream, w *tensor.Tensor) {
		copy(w.Data, tensor.Uniform(rng, -bound, bound, len(w.Data)).Data)
	}
}

// NewParameter returns a trainable tensor that init has filled. With no stream
// to draw from it is all zeros, for values that are about to be loaded.
func NewParameter(rng *tensor.Stream, init Initializer, dims ...int) *tensor.Tensor {
	p := parameter(tensor.New(dims...))
	if rng != nil {
		init(rng, p)
	}
	return p
}

// parameter marks a tensor as trainable.
func parameter(t *tensor.Tensor) *tensor.Tensor {
	t.NeedGrad = true
	return t
}

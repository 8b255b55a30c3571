package quant

import (
	"math"

	"github.com/AlarioAI/bitnet/internal/kernel"
)

// A norm is the normalisation of one sample or token: n = (x - center) / root.
type norm struct {
	center float32
	root   float64 // sqrt(mean((x-center)^2) + eps)
	peak   float32 // max |x-center|
}

// Epsilons of the normalisations, as in PyTorch's layer norm and in the
// published training notes of the 1.58-bit recipe.
const (
	layerEps = 1e-5
	rmsEps   = 1e-6
)

// layerNorm is layer norm without gain: the center is the mean.
func layerNorm(x []float32) norm { return normOf(x, float32(sum(x)/float64(len(x))), layerEps) }

// rmsNorm is root-mean-square norm without gain: the center is zero.
func rmsNorm(x []float32) norm { return normOf(x, 0, rmsEps) }

func normOf(x []float32, center float32, eps float64) norm {
	squares, peak := kernel.Extent(x, center)
	return norm{center: center, root: math.Sqrt(squares/float64(len(x)) + eps), peak: peak}
}

func sum(x []float32) float64 {
	total := 0.0
	for part := range parts(x) {
		total += float64(kernel.Sum(part))
	}
	return total
}

// few is how many values are added up in float32 before float64 takes over. A
// scale that is off in the last digits moves every code that lies on a rounding
// boundary.
const few = 512

// parts yields pieces of a sample that float32 sums are good for.
func parts(x []float32) func(yield func([]float32) bool) {
	return func(yield func([]float32) bool) {
		for len(x) > few {
			if !yield(x[:few]) {
				return
			}
			x = x[few:]
		}
		yield(x)
	}
}

// backward turns dn, of which gain*dn is the gradient of n = (x - center)/root,
// into the gradient of x, in place. With D values in the sample and
// xhat = (x - center)/root,
//
//	dx = (dn - mean(dn) - xhat*mean(dn*xhat)) * gain/root
//
// where mean(dn) belongs to the layer norm only.
func (n norm) backward(dn, x []float32, gain float64, centred bool) {
	d := float64(len(x))
	dot, total := 0.0, 0.0
	for lo := 0; lo < len(x); lo += few {
		hi := min(lo+few, len(x))
		dot += float64(kernel.Dot(dn[lo:hi], x[lo:hi]))
		if centred {
			total += float64(kernel.Sum(dn[lo:hi]))
		}
	}
	root, center, slope := n.root, float64(n.center), gain/n.root
	pull := (dot - center*total) / (d * root * root) // mean(dn*xhat)/root
	shift := slope * (center*pull - total/d)
	kernel.Combine(dn, float32(slope), dn, float32(-slope*pull), x, float32(shift))
}

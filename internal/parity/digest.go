package parity

import (
	"maps"
	"math"
	"slices"
)

// A Digest stands for an array that is too large for a golden file: its L2
// norm, and its dot product with Uniform("probe:"+name), which sees order and
// layout as well.
type Digest [2]float64

// DigestOf returns the digest of the named array, in float64. The data must be
// in PyTorch's layout.
func DigestOf(name string, data []float32) Digest {
	var squares, dot float64
	for i, probe := range Uniform("probe:"+name, len(data)) {
		v := float64(data[i])
		squares += v * v
		dot += v * float64(probe)
	}
	return Digest{math.Sqrt(squares), dot}
}

// digest returns the digest of a gradient or buffer.
func (f Figures) digest(name string) Digest {
	if d, ok := f.Gradients[name]; ok {
		return d
	}
	return f.Buffers[name]
}

// digestNames returns the names of all digests, gradients first.
func (f Figures) digestNames() []string {
	return append(slices.Sorted(maps.Keys(f.Gradients)), slices.Sorted(maps.Keys(f.Buffers))...)
}

// digestErrors returns how far got (e) and float32 (r) are from float64: two
// numbers for each of the digestNames, relative to the digest's norm. A digest
// that nearly vanishes is measured by the median norm instead, because its own
// is rounding noise.
func (want Run) digestErrors(got Figures) (e, r []float64) {
	names := want.F64.digestNames()
	norms := make([]float64, len(names))
	for i, name := range names {
		norms[i] = want.F64.digest(name)[0]
	}
	least := 1e-4 * quantile(norms, 0.5)
	for i, name := range names {
		unit, f64 := max(norms[i], least), want.F64.digest(name)
		for k := range f64 {
			e = append(e, math.Abs(got.digest(name)[k]-f64[k])/unit)
			r = append(r, math.Abs(want.F32.digest(name)[k]-f64[k])/unit)
		}
	}
	return e, r
}

// quantile returns the q-quantile of v, interpolated between neighbours.
func quantile(v []float64, q float64) float64 {
	v = slices.Sorted(slices.Values(v))
	at := q * float64(len(v)-1)
	i := int(at)
	if i == len(v)-1 {
		return v[i]
	}
	return v[i] + (at-float64(i))*(v[i+1]-v[i])
}

package kernel

import "math"

// Reductions over one sample or token: they return float32 partial results of
// a length that the caller keeps moderate (some ten thousand values). A NaN in
// the data makes the result a NaN. The portable forms add in float64, as good
// oracles should.

// Sum returns sum(x[i]).
func Sum(x []float32) float32 { return sum(x) }

func sumGeneric(x []float32) float32 {
	s := 0.0
	for _, v := range x {
		s += float64(v)
	}
	return float32(s)
}

// Extent returns squares = sum((x[i]-center)^2), the terms and sums of few of
// them in float32 and the rest in float64, for any length, and
// peak = max(|x[i]-center|), or 0 for an empty x, on which all levels agree exactly.
func Extent(x []float32, center float32) (squares float64, peak float32) { return extent(x, center) }

func extentGeneric(x []float32, center float32) (squares float64, peak float32) {
	for _, v := range x {
		d := v - center
		squares += float64(d) * float64(d)
		peak = max(peak, float32(math.Abs(float64(d))))
	}
	return squares, peak
}

// SumAbs returns sum(|x[i]|).
func SumAbs(x []float32) float32 { return sumAbs(x) }

func sumAbsGeneric(x []float32) float32 {
	s := 0.0
	for _, v := range x {
		s += float64(max(v, -v))
	}
	return float32(s)
}

// Dot returns sum(x[i]*y[i]). x and y have the same length.
func Dot(x, y []float32) float32 {
	sameLength("Dot", x, y)
	return dot(x, y)
}

func dotGeneric(x, y []float32) float32 {
	s := 0.0
	for i, v := range x {
		s += float64(v) * float64(y[i])
	}
	return float32(s)
}

package kernel

// Reductions over one sample or token: they return float32 partial results of
// a length that the caller keeps moderate (some ten thousand values). A NaN in
// the data makes the result a NaN. The portable forms add in float64, as good
// oracles should.

// SumSquares returns sum((x[i]-center)^2).
func SumSquares(x []float32, center float32) float32 { return sumSquares(x, center) }

func sumSquaresGeneric(x []float32, center float32) float32 {
	s := 0.0
	for _, v := range x {
		d := float64(v - center)
		s += d * d
	}
	return float32(s)
}

// Sum returns sum(x[i]).
func Sum(x []float32) float32 { return sum(x) }

func sumGeneric(x []float32) float32 {
	s := 0.0
	for _, v := range x {
		s += float64(v)
	}
	return float32(s)
}

// AbsMax returns max(|x[i]-center|), or 0 for an empty x. All levels agree exactly.
func AbsMax(x []float32, center float32) float32 { return absMax(x, center) }

func absMaxGeneric(x []float32, center float32) float32 {
	m := float32(0)
	for _, v := range x {
		m = max(m, v-center, center-v)
	}
	return m
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

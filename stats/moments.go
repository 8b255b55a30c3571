package stats

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Mean returns the arithmetic mean
//
//	m = (1/n) sum_i x_i,
//
// kept within [min x, max x] against rounding, so that the mean of equal
// numbers is that number exactly. The mean of nothing is NaN.
func Mean(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	return min(max(stat.Mean(x, nil), floats.Min(x)), floats.Max(x))
}

// PopulationStd returns the standard deviation of x taken as the whole
// population,
//
//	sqrt((1/n) sum_i (x_i - m)^2).
//
// It is NaN for no number, and 0 for one number or for equal numbers.
func PopulationStd(x []float64) float64 {
	switch {
	case len(x) == 0:
		return math.NaN()
	case constant(x):
		return 0
	}
	return stat.PopStdDev(x, nil)
}

// SampleStd returns the standard deviation of the population that x was drawn
// from, estimated with Bessel's correction,
//
//	sqrt((1/(n-1)) sum_i (x_i - m)^2).
//
// It is NaN for fewer than two numbers, and 0 for equal ones.
func SampleStd(x []float64) float64 {
	switch {
	case len(x) < 2:
		return math.NaN()
	case constant(x):
		return 0
	}
	return stat.StdDev(x, nil)
}

// constant reports whether all numbers are the same one. Without this check
// the rounding of the mean would leave a tiny spread, and a t statistic made
// of nothing else.
func constant(x []float64) bool {
	return floats.Min(x) == floats.Max(x) && !math.IsNaN(floats.Sum(x))
}

package stats

import (
	"fmt"
	"math"
)

// A PairedResult compares two measurements of the same n subjects by their
// differences d_i = x_i - y_i.
type PairedResult struct {
	N    int      // pairs
	Mean float64  // of the differences
	Std  float64  // sample standard deviation of the differences
	CI   Interval // of the mean difference, at the level asked for
	T    float64  // Mean / (Std / sqrt N)
	DF   float64  // N - 1
	P    float64  // two-sided, of the null hypothesis that the mean difference is 0
	DZ   float64  // Cohen's d of paired samples, Mean / Std
}

// Paired compares x and y, where x[i] and y[i] belong together:
//
//	t = mean(d) / (s_d / sqrt(n)),   n-1 degrees of freedom,
//	d_z = mean(d) / s_d,
//
// with d_i = x_i - y_i and the sample standard deviation s_d (Student,
// "The probable error of a mean", 1908; Cohen, "Statistical power analysis for
// the behavioral sciences", 2nd edition 1988, section 2.3.5).
//
// With one pair only N and Mean are defined, with none only N; the rest is NaN.
// When all differences are equal the interval is a point, T and DZ are infinite
// and P is 0, or all three are NaN if that difference is 0. Paired panics when
// the lengths differ or unless 0 < level < 1.
func Paired(x, y []float64, level float64) PairedResult {
	if len(x) != len(y) {
		panic(fmt.Sprintf("stats.Paired: %d and %d numbers do not pair", len(x), len(y)))
	}
	mustBeLevel("stats.Paired", level)
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	r := PairedResult{N: len(d), Mean: Mean(d), Std: SampleStd(d), DF: math.NaN(), CI: MeanInterval(d, level)}
	if r.N > 1 {
		r.DF = float64(r.N - 1)
	}
	r.T, r.P = tTest(r.Mean, r.Std/math.Sqrt(float64(r.N)), r.DF)
	r.DZ = r.Mean / r.Std
	return r
}

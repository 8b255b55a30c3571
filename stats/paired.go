package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
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
// Differences that agree within the rounding of x and y count as equal: 0.9 - 0.8
// and 0.8 - 0.7 do. When all are equal the interval is a point, T and DZ are infinite
// and P is 0, or all three are NaN if that difference is 0. Paired panics when
// the lengths differ or unless 0 < level < 1.
func Paired(x, y []float64, level float64) PairedResult {
	if len(x) != len(y) {
		panic(fmt.Sprintf("stats.Paired: %d and %d numbers do not pair", len(x), len(y)))
	}
	mustBeLevel("stats.Paired", level)
	d := differences(x, y)
	r := PairedResult{N: len(d), Mean: Mean(d), Std: SampleStd(d), DF: math.NaN(), CI: MeanInterval(d, level)}
	if r.N > 1 {
		r.DF = float64(r.N - 1)
	}
	r.T, r.P = tTest(r.Mean, r.Std/math.Sqrt(float64(r.N)), r.DF)
	r.DZ = r.Mean / r.Std
	return r
}

// differences returns x_i - y_i. Should they vary by no more than the rounding
// of x and y can make them, all are set to one value (0 if that is rounding
// too): their spread would be noise, and t and d_z noise magnified.
func differences(x, y []float64) []float64 {
	d := make([]float64, len(x))
	var largest float64
	for i := range x {
		d[i] = x[i] - y[i]
		largest = max(largest, math.Abs(x[i]), math.Abs(y[i]))
	}
	if len(d) == 0 {
		return d
	}
	const ulp = 0x1p-52 // half of it is the error of each of x_i and y_i, relative to the largest
	if rounding := 2 * ulp * largest; floats.Max(d)-floats.Min(d) <= rounding {
		common := d[0]
		if math.Abs(common) <= rounding {
			common = 0
		}
		for i := range d {
			d[i] = common
		}
	}
	return d
}

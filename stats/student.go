package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// An Interval is a closed interval of the real line; NaN ends mean that the
// sample does not determine it.
type Interval struct{ Low, High float64 }

// Defined reports whether both ends are numbers.
func (i Interval) Defined() bool { return !math.IsNaN(i.Low) && !math.IsNaN(i.High) }

// MeanInterval returns Student's confidence interval of the mean,
//
//	m -+ t((1+level)/2; n-1) s / sqrt(n),
//
// where s is the sample standard deviation and t(q; v) the q-quantile of
// Student's distribution with v degrees of freedom ("The probable error of a
// mean", Biometrika 6, 1908). It is undefined for fewer than two numbers, and
// the point m when they are all equal. It panics unless 0 < level < 1.
func MeanInterval(x []float64, level float64) Interval {
	mustBeLevel("stats.MeanInterval", level)
	n := float64(len(x))
	return around(Mean(x), SampleStd(x)/math.Sqrt(n), n-1, level)
}

// around is the interval of the given level around an estimate with standard
// error se and df degrees of freedom.
func around(estimate, se, df, level float64) Interval {
	switch {
	case math.IsNaN(se):
		return Interval{math.NaN(), math.NaN()}
	case se == 0:
		return Interval{estimate, estimate}
	}
	half := studentT(df).Quantile((1+level)/2) * se
	return Interval{estimate - half, estimate + half}
}

// tTest returns t = estimate/se and the two-sided p-value 2 P(T <= -|t|). The
// lower tail is used because 1 - P(T <= |t|) would cancel for a small p.
//
// Without any spread a nonzero estimate is impossible under the null
// hypothesis (t infinite, p = 0) and a zero estimate says nothing (NaN).
func tTest(estimate, se, df float64) (t, p float64) {
	t = estimate / se
	switch {
	case math.IsNaN(t):
		return t, math.NaN()
	case math.IsInf(t, 0):
		return t, 0
	}
	return t, 2 * studentT(df).CDF(-math.Abs(t))
}

func studentT(df float64) distuv.StudentsT { return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df} }

func mustBeLevel(operation string, level float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("%s: level %v is not between 0 and 1", operation, level))
	}
}

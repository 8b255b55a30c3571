package stats

import "math"

// A WelchResult compares the means of two independent samples.
type WelchResult struct {
	Difference float64  // mean(x) - mean(y)
	CI         Interval // of the difference, at the level asked for
	T          float64
	DF         float64 // Welch-Satterthwaite, not an integer in general
	P          float64 // two-sided, of the null hypothesis that the means are equal
}

// Welch compares the means of two independent samples whose variances may
// differ:
//
//	t  = (mean(x) - mean(y)) / sqrt(a + b),   a = s_x^2 / n_x, b = s_y^2 / n_y,
//	df = (a + b)^2 / (a^2 / (n_x - 1) + b^2 / (n_y - 1)),
//
// with sample variances (Welch, "The generalization of Student's problem when
// several different population variances are involved", Biometrika 34, 1947).
//
// All but Difference is NaN when a sample has fewer than two numbers. When
// neither sample varies, DF is NaN, the interval is a point, and T and P are
// infinite and 0, or NaN if the means are equal. Welch panics unless
// 0 < level < 1.
func Welch(x, y []float64, level float64) WelchResult {
	mustBeLevel("stats.Welch", level)
	nx, ny := float64(len(x)), float64(len(y))
	sx, sy := SampleStd(x), SampleStd(y)
	a, b := sx*sx/nx, sy*sy/ny
	se := math.Sqrt(a + b)
	r := WelchResult{
		Difference: Mean(x) - Mean(y),
		DF:         (a + b) * (a + b) / (a*a/(nx-1) + b*b/(ny-1)),
	}
	r.T, r.P = tTest(r.Difference, se, r.DF)
	r.CI = around(r.Difference, se, r.DF, level)
	return r
}

package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm returns the p-values adjusted for the number of tests: rejecting where
// the adjusted value is below alpha keeps the chance of any false rejection
// below alpha. With the m p-values in ascending order p_(1) <= ... <= p_(m),
//
//	adjusted_(k) = max over j <= k of min(1, (m - j + 1) p_(j))
//
// (Holm, "A simple sequentially rejective multiple test procedure",
// Scandinavian Journal of Statistics 6, 1979).
//
// A NaN stands for a test that could not be made: it stays NaN and does not
// count in m.
func Holm(p []float64) []float64 {
	adjusted := slices.Clone(p)
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	least := 0.0
	for k, i := range order {
		least = max(least, min(1, float64(len(order)-k)*p[i]))
		adjusted[i] = least
	}
	return adjusted
}

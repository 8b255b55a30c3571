package stats

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// accuracies draws at least n numbers in [0, 1] that are not all equal, on a
// grid of 1/10000 as test accuracies are.
func accuracies(t *rapid.T, label string, n int) []float64 {
	counts := rapid.SliceOfN(rapid.IntRange(0, 10000), n, 30).
		Filter(func(c []int) bool {
			for _, v := range c {
				if v != c[0] {
					return true
				}
			}
			return n < 2
		}).Draw(t, label)
	x := make([]float64, len(counts))
	for i, c := range counts {
		x[i] = float64(c) / 10000
	}
	return x
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(a)+math.Abs(b)) }

func TestSampleAndPopulationStdDifferByBessel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := accuracies(t, "x", 2)
		n := float64(len(x))
		if got := PopulationStd(x) * math.Sqrt(n/(n-1)); !near(got, SampleStd(x)) {
			t.Fatalf("population std gives %v, sample std %v", got, SampleStd(x))
		}
	})
}

func TestIntervalHoldsTheMeanAndGrowsWithTheLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := accuracies(t, "x", 2)
		narrow, wide := MeanInterval(x, 0.8), MeanInterval(x, 0.95)
		m := Mean(x)
		if !(wide.Low < narrow.Low && narrow.Low < m && m < narrow.High && narrow.High < wide.High) {
			t.Fatalf("mean %v, 80%% %v, 95%% %v", m, narrow, wide)
		}
	})
}

func TestPairedIsAntisymmetricAndItsIntervalAgreesWithItsP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := accuracies(t, "x", 2)
		y := make([]float64, len(x))
		for i := range y {
			y[i] = float64(rapid.IntRange(0, 10000).Draw(t, "y")) / 10000
		}
		r, s := Paired(x, y, 0.95), Paired(y, x, 0.95)
		if !same(r.Mean, -s.Mean) || !same(r.T, -s.T) || !same(r.P, s.P) || !same(r.CI.Low, -s.CI.High) {
			t.Fatalf("%+v is not the mirror of %+v", r, s)
		}
		excluded := r.CI.Low > 0 || r.CI.High < 0
		if !math.IsNaN(r.P) && math.Abs(r.P-0.05) > 1e-9 && excluded != (r.P < 0.05) {
			t.Fatalf("interval %v and p %v disagree about 0", r.CI, r.P)
		}
	})
}

func TestWelchIsAntisymmetricAndItsDFAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := accuracies(t, "x", 2), accuracies(t, "y", 2)
		r, s := Welch(x, y, 0.95), Welch(y, x, 0.95)
		if !near(r.T, -s.T) || !near(r.P, s.P) || !near(r.DF, s.DF) {
			t.Fatalf("%+v is not the mirror of %+v", r, s)
		}
		least, most := float64(min(len(x), len(y))-1), float64(len(x)+len(y)-2)
		if r.DF < least*(1-1e-9) || r.DF > most*(1+1e-9) {
			t.Fatalf("df %v outside [%v, %v]", r.DF, least, most)
		}
	})
}

func TestHolmKeepsTheOrderAndLiesBetweenPAndBonferroni(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		h := Holm(p)
		for i := range p {
			if h[i] < p[i] || h[i] > min(1, float64(len(p))*p[i]) {
				t.Fatalf("p %v became %v of %d tests", p[i], h[i], len(p))
			}
			for j := range p {
				if p[i] < p[j] && h[i] > h[j] {
					t.Fatalf("order of %v and %v was lost: %v, %v", p[i], p[j], h[i], h[j])
				}
			}
		}
	})
}

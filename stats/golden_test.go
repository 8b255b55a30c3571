package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden holds the figures of scipy; testdata/golden.py makes them.
type golden struct {
	Level float64
	One   map[string]struct {
		X             []float64
		Mean          float64
		PopulationStd float64 `json:"population_std"`
		SampleStd     float64 `json:"sample_std"`
		Low, High     float64
	}
	Paired map[string]struct {
		X, Y                               []float64
		Mean, Std, Low, High, T, DF, P, Dz float64
	}
	Welch map[string]struct {
		X, Y                            []float64
		Difference, Low, High, T, DF, P float64
	}
	Holm      []struct{ P, Adjusted []float64 }
	Quantiles []struct{ DF, Level, T float64 }
}

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// want checks a figure to 9 significant digits: both sides sum in float64, and
// the differences of the accuracies cancel up to four of its sixteen digits.
func want(t *testing.T, what string, got, golden float64) {
	t.Helper()
	if !(math.Abs(got-golden) <= 1e-9*math.Abs(golden)) && !(math.IsNaN(got) && math.IsNaN(golden)) {
		t.Errorf("%s = %.17g, scipy has %.17g", what, got, golden)
	}
}

func TestOneSampleAgainstScipy(t *testing.T) {
	g := readGolden(t)
	for name, c := range g.One {
		t.Run(name, func(t *testing.T) {
			want(t, "mean", Mean(c.X), c.Mean)
			want(t, "population std", PopulationStd(c.X), c.PopulationStd)
			want(t, "sample std", SampleStd(c.X), c.SampleStd)
			ci := MeanInterval(c.X, g.Level)
			want(t, "low", ci.Low, c.Low)
			want(t, "high", ci.High, c.High)
		})
	}
}

func TestPairedAgainstScipy(t *testing.T) {
	g := readGolden(t)
	for name, c := range g.Paired {
		t.Run(name, func(t *testing.T) {
			r := Paired(c.X, c.Y, g.Level)
			want(t, "mean", r.Mean, c.Mean)
			want(t, "std", r.Std, c.Std)
			want(t, "low", r.CI.Low, c.Low)
			want(t, "high", r.CI.High, c.High)
			want(t, "t", r.T, c.T)
			want(t, "df", r.DF, c.DF)
			want(t, "p", r.P, c.P)
			want(t, "d_z", r.DZ, c.Dz)
		})
	}
}

func TestWelchAgainstScipy(t *testing.T) {
	g := readGolden(t)
	for name, c := range g.Welch {
		t.Run(name, func(t *testing.T) {
			r := Welch(c.X, c.Y, g.Level)
			want(t, "difference", r.Difference, c.Difference)
			want(t, "low", r.CI.Low, c.Low)
			want(t, "high", r.CI.High, c.High)
			want(t, "t", r.T, c.T)
			want(t, "df", r.DF, c.DF)
			want(t, "p", r.P, c.P)
		})
	}
}

func TestHolmAgainstDefinition(t *testing.T) {
	for _, c := range readGolden(t).Holm {
		got := Holm(c.P)
		for i := range c.P {
			want(t, "adjusted p", got[i], c.Adjusted[i])
		}
	}
}

func TestQuantilesAgainstScipy(t *testing.T) {
	for _, c := range readGolden(t).Quantiles {
		want(t, "quantile", around(0, 1, c.DF, c.Level).High, c.T)
	}
}

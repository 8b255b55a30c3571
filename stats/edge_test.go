package stats

import (
	"math"
	"testing"
)

var nan, inf = math.NaN(), math.Inf(1)

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestSmallAndConstantSamples(t *testing.T) {
	for _, c := range []struct {
		name                          string
		x                             []float64
		mean, population, sample, low float64
	}{
		{"none", nil, nan, nan, nan, nan},
		{"one", []float64{3}, 3, 0, nan, nan},
		{"equal", []float64{0.1, 0.1, 0.1}, 0.1, 0, 0, 0.1}, // 0.1+0.1+0.1 is not 3*0.1 in float64
		{"a NaN inside", []float64{1, nan, 1}, nan, nan, nan, nan},
	} {
		t.Run(c.name, func(t *testing.T) {
			for what, pair := range map[string][2]float64{
				"mean":           {Mean(c.x), c.mean},
				"population std": {PopulationStd(c.x), c.population},
				"sample std":     {SampleStd(c.x), c.sample},
				"interval":       {MeanInterval(c.x, 0.95).Low, c.low},
			} {
				if !same(pair[0], pair[1]) {
					t.Errorf("%s = %v, want %v", what, pair[0], pair[1])
				}
			}
			if got := MeanInterval(c.x, 0.95).Defined(); got == math.IsNaN(c.low) {
				t.Errorf("Defined() = %v", got)
			}
		})
	}
}

func TestPairedEdges(t *testing.T) {
	for _, c := range []struct {
		name            string
		x, y            []float64
		mean, t, p, low float64
	}{
		{"no pair", nil, nil, nan, nan, nan, nan},
		{"one pair", []float64{3}, []float64{1}, 2, nan, nan, nan},
		{"the same difference", []float64{3, 4}, []float64{1, 2}, 2, inf, 0, 2},
		{"the same negative difference", []float64{1, 2}, []float64{3, 4}, -2, -inf, 0, -2},
		{"the same up to rounding", []float64{0.9, 0.8}, []float64{0.8, 0.7}, 0.09999999999999998, inf, 0, 0.09999999999999998}, // 0.9-0.8 in float64; 0.8-0.7 is 0.10000000000000009
		{"no difference up to rounding", []float64{0.1 + 0.2, 0.5}, []float64{0.3, 0.5}, 0, nan, nan, 0},
		{"no difference", []float64{1, 2}, []float64{1, 2}, 0, nan, nan, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Paired(c.x, c.y, 0.95)
			if r.N != len(c.x) || !same(r.Mean, c.mean) || !same(r.T, c.t) || !same(r.P, c.p) || !same(r.CI.Low, c.low) || !same(r.DZ, c.t) {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestWelchEdges(t *testing.T) {
	for _, c := range []struct {
		name                  string
		x, y                  []float64
		difference, t, p, low float64
	}{
		{"nothing", nil, nil, nan, nan, nan, nan},
		{"one number", []float64{3}, []float64{1, 2}, 1.5, nan, nan, nan},
		{"both constant", []float64{3, 3}, []float64{1, 1, 1}, 2, inf, 0, 2},
		{"both the same constant", []float64{1, 1}, []float64{1, 1, 1}, 0, nan, nan, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Welch(c.x, c.y, 0.95)
			if !same(r.Difference, c.difference) || !same(r.T, c.t) || !same(r.P, c.p) || !same(r.CI.Low, c.low) {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestHolmLeavesOutMissingTests(t *testing.T) {
	got := Holm([]float64{nan, 0.04, 0.03})
	if !math.IsNaN(got[0]) || got[1] != 0.06 || got[2] != 0.06 {
		t.Errorf("got %v, want [NaN 0.06 0.06]", got)
	}
}

func TestMisuseStops(t *testing.T) {
	for name, f := range map[string]func(){
		"lengths":    func() { Paired([]float64{1}, nil, 0.95) },
		"level 0":    func() { MeanInterval(nil, 0) },
		"level 1":    func() { Welch(nil, nil, 1) },
		"level NaN":  func() { Paired(nil, nil, nan) },
		"percentage": func() { MeanInterval(nil, 95) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

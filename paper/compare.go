package paper

import (
	"math"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/stats"
)

const (
	confidence = 0.95 // level of every confidence interval
	alpha      = 0.05 // a difference is called significant below it, after Holm's correction
)

// A comparison sets one BitNet against the FloatNet of its group, over the
// seeds that both have.
type comparison struct {
	Group      *group
	Bit        *cell
	Difference stats.PairedResult // of test accuracies in [0, 1], BitNet minus FloatNet
	Holm       float64            // p-value corrected for all comparisons of the study
	Relative   []float64          // (FloatNet - BitNet) / FloatNet of each common seed
	BitAhead   int                // common seeds at which the BitNet was more accurate
	FloatAhead int                // common seeds at which the FloatNet was more accurate
}

// significant reports whether the difference is distinguished from 0.
func (c *comparison) significant() bool { return c.Holm < alpha }

// compareTwins makes the comparisons of the study, in its order. A BitNet
// without a FloatNet gives none.
func compareTwins(s *study) []*comparison {
	var all []*comparison
	for _, g := range s.Groups {
		for _, bit := range g.Bits {
			if g.Float != nil {
				all = append(all, newComparison(g, bit))
			}
		}
	}
	p := make([]float64, len(all))
	for i, c := range all {
		p[i] = c.Difference.P
	}
	for i, h := range stats.Holm(p) {
		all[i].Holm = h
	}
	return all
}

func newComparison(g *group, bit *cell) *comparison {
	c := &comparison{Group: g, Bit: bit}
	var bits, floats []float64
	for _, pair := range pairs(g.Float, bit) {
		f, b := pair[0].Result.TestAccuracy, pair[1].Result.TestAccuracy
		floats, bits = append(floats, f), append(bits, b)
		if f > 0 {
			c.Relative = append(c.Relative, (f-b)/f)
		}
		switch {
		case b > f:
			c.BitAhead++
		case f > b:
			c.FloatAhead++
		}
	}
	c.Difference = stats.Paired(bits, floats, confidence)
	return c
}

// pairs returns the records (of a, of b) of the seeds that both cells have.
func pairs(a, b *cell) (common [][2]experiment.Record) {
	for i, j := 0, 0; i < len(a.Runs) && j < len(b.Runs); {
		switch x, y := a.Runs[i], b.Runs[j]; {
		case x.Seed < y.Seed:
			i++
		case x.Seed > y.Seed:
			j++
		default:
			common = append(common, [2]experiment.Record{x, y})
			i, j = i+1, j+1
		}
	}
	return common
}

// accuracies returns the test accuracies of the cell's runs.
func (c *cell) accuracies() []float64 {
	x := make([]float64, len(c.Runs))
	for i, r := range c.Runs {
		x[i] = r.Result.TestAccuracy
	}
	return x
}

// finite reports whether x can be drawn or printed as a number.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func meanAccuracy(c *cell) float64 { return stats.Mean(c.accuracies()) }

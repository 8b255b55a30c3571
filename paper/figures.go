package paper

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/stats"
	"github.com/AlarioAI/bitnet/train"
)

// legendLimit is the number of series up to which a figure tells them apart by
// more than their recipe.
const legendLimit = 12

// discrepancyFigure draws the relative discrepancy of every comparison, in
// percent, against a count x of its group. One series is one recipe and, where
// there are several and the legend has room, one value of kind.
func discrepancyFigure(id, label string, s *study, comparisons []*comparison, x func(*comparison) int, kind func(*comparison) string) *figure {
	var kinds []string
	for _, c := range comparisons {
		if k := kind(c); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	split := len(kinds) > 1 && len(kinds)*len(s.Recipes) <= legendLimit
	p := panel{}
	for _, recipe := range s.Recipes {
		for mark, k := range kinds {
			line := series{Name: network(recipe), Colour: colour(s, recipe)}
			if split {
				line.Name, line.Mark = network(recipe)+", "+properName(k), mark
			} else {
				line.Mark = colour(s, recipe) - 1
			}
			for _, c := range comparisons {
				if c.Bit.Recipe == recipe && len(c.Relative) > 0 && x(c) > 0 && (!split && mark == 0 || split && kind(c) == k) {
					line.Points = append(line.Points, point{float64(x(c)), 100 * stats.Mean(c.Relative), 100 * stats.PopulationStd(c.Relative)})
				}
			}
			if len(line.Points) > 0 {
				p.Series = append(p.Series, line)
			}
		}
	}
	if len(p.Series) == 0 {
		return nil
	}
	var xs []float64
	ys := []float64{0} // the line on which the twins are equal
	for _, line := range p.Series {
		for _, q := range line.Points {
			xs, ys = append(xs, q.X), append(ys, q.Y-q.Error, q.Y+q.Error)
		}
	}
	p.X = logAxis(label, xs)
	p.Y = linearAxis("Relative discrepancy (%)", ys, 0)
	setSideBySide(p)
	return &figure{ID: id, Rows: []figureRow{{Panels: []panel{p}}}}
}

// setSideBySide moves the points that share an abscissa apart, in the order of
// their series, so that their error bars can be told apart. Together they take
// at most a fifth of the axis and half of the way to the next abscissa.
func setSideBySide(p panel) {
	shared := map[float64][]*point{}
	for _, line := range p.Series {
		for i := range line.Points {
			q := &line.Points[i]
			shared[q.X] = append(shared[q.X], q)
		}
	}
	room := min(0.2, leastGap(p.X, slices.Sorted(maps.Keys(shared)))/2)
	for _, group := range shared {
		n := float64(len(group))
		step := min(0.03, room/n) // of the axis
		for i, q := range group {
			q.X *= math.Pow(p.X.Max/p.X.Min, step*(float64(i)-(n-1)/2))
		}
	}
}

// leastGap returns the least distance between neighbours, or between the first
// or last and its mirror image behind the end of the axis, as a part of the axis.
func leastGap(a axis, ascending []float64) float64 {
	gap := 2 * min(a.at(ascending[0]), 1-a.at(ascending[len(ascending)-1]))
	for i := 1; i < len(ascending); i++ {
		gap = min(gap, a.at(ascending[i])-a.at(ascending[i-1]))
	}
	return gap
}

// colour is the number of a recipe's colour.
func colour(s *study, recipe string) int { return 1 + slices.Index(s.Recipes, recipe) }

// groupsPerFigure is how many rows of panels fit on a page with their caption.
const groupsPerFigure = 3

// curveFigures draws loss and accuracy on the validation set against the
// epoch, one row of panels for each group.
func curveFigures(s *study) []*figure {
	var rows []figureRow
	for _, g := range s.Groups {
		loss := curvePanel(s, g, "Validation loss", func(e train.Epoch) float64 { return e.ValLoss })
		accuracy := curvePanel(s, g, "Validation accuracy (%)", func(e train.Epoch) float64 { return 100 * e.ValAccuracy })
		if len(loss.Series) > 0 && len(accuracy.Series) > 0 {
			rows = append(rows, figureRow{g.name(), []panel{loss, accuracy}})
		}
	}
	var figures []*figure
	for part := range slices.Chunk(rows, groupsPerFigure) {
		figures = append(figures, &figure{ID: fmt.Sprintf("fig-curves-%d", len(figures)+1), Rows: part})
	}
	return figures
}

func curvePanel(s *study, g *group, label string, of func(train.Epoch) float64) panel {
	p := panel{}
	var xs, ys []float64
	for _, c := range g.cells() {
		line := series{Name: network(c.Recipe), Line: true}
		if c != g.Float {
			line.Colour = colour(s, c.Recipe)
		}
		for i, y := range meanCurve(c.Runs, of) {
			if finite(y) { // a diverged run has no point to draw
				line.Points = append(line.Points, point{X: float64(i + 1), Y: y})
				xs, ys = append(xs, float64(i+1)), append(ys, y)
			}
		}
		if len(line.Points) > 0 {
			p.Series = append(p.Series, line)
		}
	}
	if len(p.Series) > 0 {
		p.X, p.Y = linearAxis("Epoch", xs, 1), linearAxis(label, ys, 0)
	}
	return p
}

// meanCurve averages over the runs, for the epochs that all of them have.
func meanCurve(runs []experiment.Record, of func(train.Epoch) float64) []float64 {
	epochs := len(runs[0].Result.Epochs)
	for _, r := range runs {
		epochs = min(epochs, len(r.Result.Epochs))
	}
	curve := make([]float64, epochs)
	for i := range curve {
		x := make([]float64, len(runs))
		for j, r := range runs {
			x[j] = of(r.Result.Epochs[i])
		}
		curve[i] = stats.Mean(x)
	}
	return curve
}

// legend returns the figure's series, each name once.
func (f *figure) legend() (entries []series) {
	for _, r := range f.Rows {
		for _, p := range r.Panels {
			for _, s := range p.Series {
				if !slices.ContainsFunc(entries, func(e series) bool { return e.Name == s.Name }) {
					entries = append(entries, s)
				}
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b series) int { return a.Colour - b.Colour })
	return entries
}

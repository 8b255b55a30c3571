package paper

import (
	"testing"

	"pgregory.net/rapid"
)

// Points that share an abscissa keep to their side of the neighbours and
// inside the axis, and keep their order.
func TestSideBySide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfNDistinct(rapid.IntRange(1, 1_000_000), 1, 6, rapid.ID[int]).Draw(t, "counts")
		n := rapid.IntRange(1, 9).Draw(t, "series")
		var xs []float64
		for _, c := range counts {
			xs = append(xs, float64(c))
		}
		p := panel{X: logAxis("", xs)}
		for range n {
			line := series{}
			for _, x := range xs {
				line.Points = append(line.Points, point{X: x})
			}
			p.Series = append(p.Series, line)
		}
		setSideBySide(p)
		for i, x := range xs {
			for j, y := range xs {
				if x < y && p.Series[n-1].Points[i].X >= p.Series[0].Points[j].X {
					t.Fatalf("points at %v run into those at %v", x, y)
				}
			}
			for k := range n {
				if q := p.Series[k].Points[i].X; q <= p.X.Min || q >= p.X.Max {
					t.Fatalf("%v was moved to %v, outside [%v, %v]", x, q, p.X.Min, p.X.Max)
				} else if k > 0 && q <= p.Series[k-1].Points[i].X {
					t.Fatalf("the points at %v lost their order", x)
				}
			}
		}
	})
}

package paper

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// An axis maps numbers to a side of a panel. Both renderers use its range and
// its ticks, so their figures agree.
type axis struct {
	Label    string
	Log      bool
	Min, Max float64
	Ticks    []tick
}

type tick struct {
	At    float64
	Label string
}

// at returns where x lies between Min (0) and Max (1).
func (a axis) at(x float64) float64 {
	if a.Log {
		return math.Log(x/a.Min) / math.Log(a.Max/a.Min)
	}
	return (x - a.Min) / (a.Max - a.Min)
}

// linearAxis covers the numbers with a margin of 6 % and about five ticks at
// multiples of 1, 2 or 5 times a power of ten. The step is at least least and
// the margin at most half of it, which keeps the ticks of epochs whole and the
// epoch 0 away; 0 leaves the step free.
func linearAxis(label string, numbers []float64, least float64) axis {
	low, high := span(numbers)
	if low == high {
		around := max(least/2, math.Abs(low)/10, 1e-9)
		low, high = low-around, high+around
	}
	margin := 0.06 * (high - low)
	if least > 0 {
		margin = min(margin, least/2)
	}
	a := axis{Label: label, Min: low - margin, Max: high + margin}
	step := max(niceStep((high-low)/4), least)
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	for k := math.Ceil(a.Min / step); k*step <= a.Max; k++ {
		a.Ticks = append(a.Ticks, tick{At: k * step, Label: decimal(k*step, decimals)})
	}
	return a
}

// logAxis covers the positive numbers with a margin of a factor 2 on either
// side. A few numbers that lie apart are the ticks themselves; else there are
// ticks at round multiples of powers of ten, fewer of them the wider the axis.
func logAxis(label string, numbers []float64) axis {
	low, high := span(numbers)
	a := axis{Label: label, Log: true, Min: low / 2, Max: high * 2}
	if a.Ticks = ownTicks(a, numbers); a.Ticks != nil {
		return a
	}
	factors := []float64{1, 2, 5}
	switch {
	case high/low > 100:
		factors = []float64{1}
	case high/low < 2.5:
		factors = []float64{1, 2, 3, 4, 5, 7}
	}
	for power := math.Floor(math.Log10(a.Min)); power <= math.Log10(a.Max); power++ {
		for _, f := range factors {
			if x := f * math.Pow(10, power); x >= a.Min && x <= a.Max {
				a.Ticks = append(a.Ticks, tick{At: x, Label: compact(x)})
			}
		}
	}
	return a
}

// ownTicks returns the numbers as ticks if each label has room, a seventh of
// the axis, and else nil.
func ownTicks(a axis, numbers []float64) (ticks []tick) {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	for i, x := range slices.Compact(numbers) {
		if i > 0 && a.at(x)-a.at(ticks[i-1].At) < 1.0/7 {
			return nil
		}
		ticks = append(ticks, tick{At: x, Label: integer(int(x))})
	}
	return ticks
}

func span(numbers []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, x := range numbers {
		low, high = min(low, x), max(high, x)
	}
	return low, high
}

// niceStep returns the least of 1, 2, 5 times a power of ten that is not below x.
func niceStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, f := range []float64{1, 2, 5} {
		if f*power >= x*(1-1e-9) {
			return f * power
		}
	}
	return 10 * power
}

// compact prints a tick of a count: 500, 20k, 1M, 2G.
func compact(x float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if x >= unit.size {
			return coordinate(x/unit.size) + unit.name
		}
	}
	return coordinate(x)
}

// coordinate prints a number for a renderer, to six significant digits: finer
// than any printer, and free of the last bits in which platforms may differ.
func coordinate(x float64) string {
	if x == 0 {
		return "0" // and not -0
	}
	short := strconv.FormatFloat(x, 'g', 6, 64)
	rounded, _ := strconv.ParseFloat(short, 64)
	return strings.TrimSuffix(strconv.FormatFloat(rounded, 'f', -1, 64), ".0")
}

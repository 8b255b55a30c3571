package paper

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/AlarioAI/bitnet/stats"
)

// Numbers are printed with a true minus sign and a dash where there is none;
// the renderers know both characters.
const (
	minus = "−"
	dash  = "–"
)

// decimal prints x with the given number of decimals. Minus nought is nought.
func decimal(x float64, decimals int) string {
	if !finite(x) {
		return dash
	}
	text := strconv.FormatFloat(math.Abs(x), 'f', decimals, 64)
	if x < 0 && strings.Trim(text, "0.") != "" {
		return minus + text
	}
	return text
}

// signed is decimal with a plus sign before positive numbers.
func signed(x float64, decimals int) string {
	text := decimal(x, decimals)
	if x > 0 && finite(x) && strings.Trim(text, "0.") != "" {
		return "+" + text
	}
	return text
}

// percent prints a fraction in percent with two decimals, without the sign.
func percent(fraction float64) string { return decimal(100*fraction, 2) }

// points prints a difference of fractions in percentage points.
func points(fraction float64) string { return signed(100*fraction, 2) }

// interval prints a confidence interval of a difference of fractions.
func interval(i stats.Interval) string {
	if !i.Defined() {
		return dash
	}
	return "[" + points(i.Low) + ", " + points(i.High) + "]"
}

// probability prints a p-value to three decimals, smaller ones as a bound.
func probability(p float64) string {
	switch {
	case math.IsNaN(p):
		return dash
	case p < 0.001:
		return "<0.001"
	}
	return decimal(p, 3)
}

// probabilityIs prints a p-value with its relation, for prose.
func probabilityIs(p float64) string {
	text := probability(p)
	if bound, small := strings.CutPrefix(text, "<"); small {
		return "< " + bound
	}
	return "= " + text
}

// integer prints n with commas between groups of three digits.
func integer(n int) string {
	text := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, text = minus, text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// shortest prints a setting such as a learning rate as it would be typed,
// without an exponent.
func shortest(x float64) string {
	if !finite(x) {
		return dash
	}
	return strings.Replace(strconv.FormatFloat(x, 'f', -1, 64), "-", minus, 1)
}

// counted prints a number with its noun: "1 seed", "10 seeds".
func counted(n int, one, many string) string {
	return fmt.Sprintf("%s %s", integer(n), plural(n, one, many))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// enumerate joins words as a sentence does: "a", "a and b", "a, b and c".
func enumerate(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

package paper

import (
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/stats"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{percent(0.98765), "98.77"},
		{percent(1), "100.00"},
		{points(-0.00534), "−0.53"},
		{points(0.0012), "+0.12"},
		{points(-0.00001), "0.00"},
		{points(0), "0.00"},
		{points(math.NaN()), "–"},
		{signed(math.Inf(1), 2), "–"},
		{interval(stats.Interval{Low: -0.01, High: 0.002}), "[−1.00, +0.20]"},
		{interval(stats.Interval{Low: math.NaN(), High: math.NaN()}), "–"},
		{probability(0.0004), "<0.001"},
		{probability(0.04), "0.040"},
		{probability(1), "1.000"},
		{probability(math.NaN()), "–"},
		{probabilityIs(0), "< 0.001"},
		{probabilityIs(0.5), "= 0.500"},
		{integer(0), "0"},
		{integer(999), "999"},
		{integer(61750), "61,750"},
		{integer(11181642), "11,181,642"},
		{integer(-1234), "−1,234"},
		{shortest(0.001), "0.001"},
		{shortest(1e-05), "0.00001"},
		{counted(1, "seed", "seeds"), "1 seed"},
		{counted(10, "seed", "seeds"), "10 seeds"},
		{enumerate(nil), ""},
		{enumerate([]string{"a"}), "a"},
		{enumerate([]string{"a", "b", "c"}), "a, b and c"},
		{seedList([]uint64{0, 1, 2}), "0, 1, 2"},
		{seedList([]uint64{3, 4, 5, 6, 7}), "3 to 7"},
		{seedList([]uint64{3, 4, 5, 6, 9}), "3, 4, 5, 6, 9"},
		{compact(50), "50"},
		{compact(20000), "20k"},
		{compact(1.5e6), "1.5M"},
		{coordinate(math.Copysign(0, -1)), "0"},
		{coordinate(0.1 + 0.2), "0.3"},
		{coordinate(1e-7), "0.0000001"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

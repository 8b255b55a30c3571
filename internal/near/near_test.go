package near

import "testing"

func TestHint(t *testing.T) {
	known := []string{"data", "batch_size", "lenet5", "lenet300"}
	for name, want := range map[string]string{
		"batchsize":   ", did you mean batch_size?",
		"Data":        ", did you mean data?",
		"lenet":       ", did you mean lenet5 or lenet300?",
		"transformer": ", have data, batch_size, lenet5, lenet300",
		"":            ", have data, batch_size, lenet5, lenet300",
	} {
		if got := Hint(name, known); got != want {
			t.Errorf("Hint(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"abc", "abc", 0}, {"abc", "acb", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

package paper

import (
	"testing"

	"pgregory.net/rapid"
)

func checkAxis(t *rapid.T, a axis, numbers []float64) {
	for _, x := range numbers {
		if at := a.at(x); !(at > 0 && at < 1) {
			t.Fatalf("%v lies at %v of [%v, %v]", x, at, a.Min, a.Max)
		}
	}
	if n := len(a.Ticks); n < 1 || n > 12 {
		t.Fatalf("%d ticks for %v: %v", n, numbers, a.Ticks)
	}
	for i, k := range a.Ticks {
		if k.At < a.Min || k.At > a.Max {
			t.Fatalf("tick %v outside [%v, %v]", k, a.Min, a.Max)
		}
		if i > 0 && (k.At <= a.Ticks[i-1].At || k.Label == a.Ticks[i-1].Label) {
			t.Fatalf("tick %v does not follow %v", k, a.Ticks[i-1])
		}
	}
}

func TestLinearAxis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hundredths := rapid.SliceOfN(rapid.IntRange(-10000, 10000), 1, 20).Draw(t, "hundredths")
		numbers := make([]float64, len(hundredths))
		for i, h := range hundredths {
			numbers[i] = float64(h) / 100
		}
		checkAxis(t, linearAxis("", numbers, 0), numbers)
	})
}

func TestEpochAxisHasWholeTicks(t *testing.T) {
	for epochs, want := range map[int]string{1: "1", 2: "1 2", 5: "1 2 3 4 5", 20: "5 10 15 20"} {
		numbers := make([]float64, epochs)
		for i := range numbers {
			numbers[i] = float64(i + 1)
		}
		if got := labels(linearAxis("", numbers, 1)); got != want {
			t.Errorf("%d epochs have the ticks %s, want %s", epochs, got, want)
		}
	}
}

func TestLogAxis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(1, 400_000_000), 1, 20).Draw(t, "counts")
		numbers := make([]float64, len(counts))
		for i, c := range counts {
			numbers[i] = float64(c)
		}
		checkAxis(t, logAxis("", numbers), numbers)
	})
}

func TestLogAxisTicks(t *testing.T) {
	for _, c := range []struct {
		numbers []float64
		want    string
	}{
		{[]float64{48000}, "48,000"},
		{[]float64{48000, 61750}, "48,000 61,750"},
		{[]float64{40000, 48000}, "20k 30k 40k 50k 70k"},
		{[]float64{61750, 79510, 1200000, 1300000}, "50k 100k 200k 500k 1M 2M"},
		{[]float64{61750, 79510, 304326632}, "100k 1M 10M 100M"},
	} {
		if got := labels(logAxis("", c.numbers)); got != c.want {
			t.Errorf("%v has the ticks %s, want %s", c.numbers, got, c.want)
		}
	}
}

func labels(a axis) string {
	s := ""
	for i, k := range a.Ticks {
		if i > 0 {
			s += " "
		}
		s += k.Label
	}
	return s
}

package quant

import (
	"fmt"
	"testing"
)

func TestNames(t *testing.T) {
	want := []string{"float", "alario", "b158", "b1", "b158-bf16", "b1-bf16"}
	if len(Recipes()) != len(want) {
		t.Fatalf("recipes %v, want %v", Recipes(), want)
	}
	for i, r := range Recipes() {
		if r.String() != want[i] {
			t.Errorf("recipe %d is called %v, want %s", i, r, want[i])
		}
		if got, err := Parse(want[i]); got != r || err != nil {
			t.Errorf("Parse(%q) is %v, %v", want[i], got, err)
		}
		text, err := r.MarshalText()
		back := Recipe(99)
		if e := back.UnmarshalText(text); err != nil || e != nil || back != r {
			t.Errorf("%v becomes %s (%v) and then %v (%v)", r, text, err, back, e)
		}
	}
	if got := fmt.Sprint(Recipe(7)); got != "recipe 7" {
		t.Errorf("an unknown recipe prints as %q", got)
	}
}

func TestUnknownName(t *testing.T) {
	for _, name := range []string{"", "B158", "b158 ", "recipe 7"} {
		want := fmt.Sprintf("unknown recipe %q, want one of float, alario, b158, b1, b158-bf16, b1-bf16", name)
		if _, err := Parse(name); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", name, err, want)
		}
		var r Recipe
		if err := r.UnmarshalText([]byte(name)); err == nil || err.Error() != want {
			t.Errorf("UnmarshalText(%q): %v, want %s", name, err, want)
		}
	}
}

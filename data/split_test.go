package data

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSplitProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 500).Draw(t, "n")
		validation := rapid.Float64Range(0, 1).Draw(t, "validation")
		seed := rapid.Uint64().Draw(t, "seed")
		train, val := Split(n, validation, seed)

		all := slices.Sorted(slices.Values(slices.Concat(train, val)))
		if want := (&Images{N: n}).All(); !slices.Equal(all, want) {
			t.Fatalf("the parts together are %v", all)
		}
		if !slices.IsSorted(train) || !slices.IsSorted(val) {
			t.Fatalf("not in ascending order: %v, %v", train, val)
		}
		if d := float64(len(val)) - validation*float64(n); d < -0.5 || d > 0.5 {
			t.Fatalf("%d of %d images for a part of %v", len(val), n, validation)
		}
		train2, val2 := Split(n, validation, seed)
		if !slices.Equal(train, train2) || !slices.Equal(val, val2) {
			t.Fatal("a second split differs")
		}
	})
}

func TestSplitSizes(t *testing.T) {
	for _, tt := range []struct {
		n          int
		validation float64
		train, val int
	}{
		{60000, 0.2, 48000, 12000},
		{10, 0, 10, 0},
		{10, 1, 0, 10},
		{5, 0.5, 2, 3},
		{0, 0.2, 0, 0},
	} {
		train, val := Split(tt.n, tt.validation, 1)
		if len(train) != tt.train || len(val) != tt.val {
			t.Errorf("Split(%d, %v): %d and %d, want %d and %d", tt.n, tt.validation, len(train), len(val), tt.train, tt.val)
		}
	}
}

// TestSplitPinned holds the division in place: runs are resumed and results
// compared across versions by it.
func TestSplitPinned(t *testing.T) {
	_, val := Split(20, 0.2, 53)
	if diff := cmp.Diff([]int{6, 8, 9, 12}, val); diff != "" {
		t.Error(diff)
	}
}

func TestSplitDependsOnSeed(t *testing.T) {
	_, a := Split(1000, 0.2, 1)
	_, b := Split(1000, 0.2, 2)
	if slices.Equal(a, b) {
		t.Error("two seeds give one split")
	}
}

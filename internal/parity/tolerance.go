package parity

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// CheckArray fails the test where got, an array in PyTorch's layout, is
// further from the golden array than rounding explains. The doc comment of the
// package has the bound, as for all checks.
func CheckArray[T float32 | float64](t testing.TB, what string, got []T, want Array) {
	t.Helper()
	report(t, compareArray(what, got, want, 1e-5))
}

// CheckLogits fails the test where got, the logits of EvalInput row by row,
// are too far from the golden ones.
func (m *Model) CheckLogits(t testing.TB, recipe string, got []float32) {
	t.Helper()
	report(t, m.compareLogits(recipe, got))
}

// CheckLosses fails the test where got, the losses before each Adam step, are
// too far from the golden ones.
func (m *Model) CheckLosses(t testing.TB, recipe string, got []float64) {
	t.Helper()
	report(t, m.compareLosses(recipe, got))
}

// CheckDigests fails the test where got, the digests of the first gradients
// and of the buffers after the first forward pass, are too far from the golden
// ones or are not of the same names.
func (m *Model) CheckDigests(t testing.TB, recipe string, gradients, buffers map[string]Digest) {
	t.Helper()
	report(t, m.compareDigests(recipe, gradients, buffers))
}

func report(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// compareArray asks for max e <= relative * max|f64| + 8 max r.
func compareArray[T float32 | float64](what string, got []T, want Array, relative float64) error {
	if len(got) != len(want.F64) {
		return fmt.Errorf("%s: %d elements, want %d of shape %v", what, len(got), len(want.F64), want.Shape)
	}
	var largest, rounding float64
	for i, w := range want.F64 {
		largest = max(largest, math.Abs(w))
		rounding = max(rounding, math.Abs(want.F32[i]-w))
	}
	allowed := relative*largest + 8*rounding
	for i, w := range want.F64 {
		if e := math.Abs(float64(got[i]) - w); !(e <= allowed) { // also where e is NaN
			return fmt.Errorf("%s: element %d of shape %v is %v, want %v: off by %.3g, allowed %.3g",
				what, i, want.Shape, got[i], w, e, allowed)
		}
	}
	return nil
}

// exact says that a recipe rounds no activations, so no code can flip.
func exact(recipe string) bool { return recipe == "float" || recipe == "alario" }

// deep says that flipped codes have many layers to spread through.
func (m *Model) deep() bool {
	return m.Name != "feedforward" && !strings.HasPrefix(m.Name, "lenet5")
}

func (m *Model) compareLogits(recipe string, got []float32) error {
	want, err := m.run(recipe)
	if err != nil {
		return err
	}
	relative := 1e-4
	if !exact(recipe) {
		relative = 0.05
	}
	logits := Array{F64: slices.Concat(want.F64.EvalLogits...), F32: slices.Concat(want.F32.EvalLogits...)}
	logits.Shape = []int{len(want.F64.EvalLogits), len(logits.F64) / len(want.F64.EvalLogits)}
	return compareArray(m.Name+" "+recipe+" logits", got, logits, relative)
}

func (m *Model) compareLosses(recipe string, got []float64) error {
	want, err := m.run(recipe)
	if err != nil {
		return err
	}
	f64, f32 := want.F64.AdamLosses, want.F32.AdamLosses
	if len(got) != len(f64) {
		return fmt.Errorf("%s %s: %d losses, want %d", m.Name, recipe, len(got), len(f64))
	}
	rounding := 0.0
	for i := range f64 {
		rounding = max(rounding, math.Abs(f32[i]-f64[i]))
	}
	first, later := 5e-3+8*math.Abs(f32[0]-f64[0]), 5e-2+8*rounding
	switch {
	case exact(recipe):
		first = 1e-4 + 8*math.Abs(f32[0]-f64[0])
		if _, r := want.digestErrors(want.F64); quantile(r, 0.9) >= 1e-3 {
			later = math.MaxFloat64 // finite: rounding alone decides where the later steps go
		}
	case m.deep():
		first, later = 1, math.MaxFloat64
	}
	for i := range f64 {
		bound := later
		if i == 0 {
			bound = first
		}
		if e := math.Abs(got[i] - f64[i]); !(e <= bound) {
			return fmt.Errorf("%s %s: loss %d is %v, want %v: off by %.3g, allowed %.3g",
				m.Name, recipe, i+1, got[i], f64[i], e, bound)
		}
	}
	return nil
}

func (m *Model) compareDigests(recipe string, gradients, buffers map[string]Digest) error {
	want, err := m.run(recipe)
	if err != nil {
		return err
	}
	if err := sameNames("gradient", gradients, want.F64.Gradients); err != nil {
		return fmt.Errorf("%s %s: %v", m.Name, recipe, err)
	}
	if err := sameNames("buffer", buffers, want.F64.Buffers); err != nil {
		return fmt.Errorf("%s %s: %v", m.Name, recipe, err)
	}
	e, r := want.digestErrors(Figures{Gradients: gradients, Buffers: buffers})
	names := want.F64.digestNames()
	for i := range e {
		if math.IsNaN(e[i]) || math.IsInf(e[i], 0) {
			return fmt.Errorf("%s %s: the digest of %s is not finite", m.Name, recipe, names[i/2])
		}
	}
	median, tail, each := 4*quantile(r, 0.5)+2e-3, 4*quantile(r, 0.9)+5e-2, math.Inf(1)
	switch {
	case exact(recipe):
		median, tail, each = 4*quantile(r, 0.5)+1e-4, 4*quantile(r, 0.9)+5e-3, 1e-2+8*slices.Max(r)
	case m.deep():
		median, tail = 0.15, 1.5
	}
	for _, check := range []struct {
		what         string
		got, allowed float64
	}{
		{"median", quantile(e, 0.5), median},
		{"90 % quantile", quantile(e, 0.9), tail},
		{"largest", slices.Max(e), each},
	} {
		if check.got > check.allowed {
			worst := slices.Index(e, slices.Max(e))
			return fmt.Errorf("%s %s: %s of the digests' errors is %.3g, allowed %.3g; the furthest is %s with %.3g",
				m.Name, recipe, check.what, check.got, check.allowed, names[worst/2], e[worst])
		}
	}
	return nil
}

func sameNames(what string, got, want map[string]Digest) error {
	for name := range want {
		if _, ok := got[name]; !ok {
			return fmt.Errorf("no %s %s", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			return fmt.Errorf("%s %s is not in the golden file", what, name)
		}
	}
	return nil
}

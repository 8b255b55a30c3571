package paper

import (
	"slices"
	"strings"
)

// facts is what the prose may ask when it chooses its sentences: identifiers,
// booleans and the names of values, never a number to print.
type facts struct {
	Recipes       []recipeFacts
	Comparisons   []comparisonFacts
	Warnings      []string // names of values
	Curves        []string // ids of figures
	Complete      bool     // no warning to give
	Discrepancies bool     // both figures of the discrepancy have a point to show

	data, architectures map[string]bool // slugs of their proper names
}

// recipeFacts sums up the comparisons of one recipe of BitNets.
type recipeFacts struct {
	Slug  string
	Key   string // prefix of its values
	Known bool   // the method section has its formulas

	All, One, Many        bool   // any comparison, exactly one, more than one
	OneKey                string // prefix of the only comparison's values
	Behind, Ahead         bool   // any comparison with the BitNet behind, ahead
	NameBehind, NameAhead bool   // few enough of them to be named
	AllBehind, AllAhead   bool
	Tested                bool // any comparison with a p-value
	AllSignificant        bool // all of those with a p-value
	SomeSignificant       bool
	OneSignificant        bool
}

// comparisonFacts describes one BitNet beside its FloatNet.
type comparisonFacts struct {
	Key, GroupKey, FloatKey    string // prefixes of values
	Recipe                     string
	Pairs, Tested, Significant bool
}

// Has reports whether some BitNet uses the recipe, with rounded gradients or
// without.
func (f *facts) Has(recipe string) bool {
	return slices.ContainsFunc(f.Recipes, func(r recipeFacts) bool { return r.Known && strings.TrimSuffix(r.Slug, rounded) == recipe })
}

// Rounds reports whether some BitNet rounds its gradients.
func (f *facts) Rounds() bool {
	return slices.ContainsFunc(f.Recipes, func(r recipeFacts) bool { return r.Known && strings.HasSuffix(r.Slug, rounded) })
}

// rounded ends the names of recipes that round gradients to bfloat16.
const rounded = "-bf16"

// HasData and HasArchitecture take the slug of a proper name, such as cifar-10.
func (f *facts) HasData(slug string) bool         { return f.data[slug] }
func (f *facts) HasArchitecture(slug string) bool { return f.architectures[slug] }

// Few reports whether the comparisons can be told one by one.
func (f *facts) Few() bool { return len(f.Comparisons) > 0 && len(f.Comparisons) <= 6 }

func newFacts(s *study, comparisons []*comparison, v *filer, warnings int, curves []string) *facts {
	f := &facts{Complete: warnings == 0, Curves: curves, data: map[string]bool{}, architectures: map[string]bool{}}
	for _, g := range s.Groups {
		f.data[newSlugs().slug(properName(g.Data))] = true
		f.architectures[newSlugs().slug(properName(g.Architecture))] = true
	}
	for i := range warnings {
		f.Warnings = append(f.Warnings, warningName(i))
	}
	for _, c := range comparisons {
		f.Comparisons = append(f.Comparisons, comparisonFacts{
			Key: v.cellKey(c.Group, c.Bit), GroupKey: v.groupKey(c.Group), FloatKey: v.cellKey(c.Group, c.Group.Float),
			Recipe: v.recipe.slug(c.Bit.Recipe),
			Pairs:  c.Difference.N > 0, Tested: finite(c.Holm), Significant: c.significant(),
		})
	}
	for _, recipe := range s.Recipes {
		f.Recipes = append(f.Recipes, newRecipeFacts(recipe, comparisons, v))
	}
	return f
}

func newRecipeFacts(recipe string, comparisons []*comparison, v *filer) recipeFacts {
	sum := summarise(recipe, comparisons)
	r := recipeFacts{
		Slug: v.recipe.slug(recipe), Key: "recipe/" + v.recipe.slug(recipe),
		Known: slices.Contains([]string{"b158", "b1", "alario", "b158" + rounded, "b1" + rounded}, recipe),
		All:   len(sum.All) > 0, One: len(sum.All) == 1, Many: len(sum.All) > 1,
		Behind: len(sum.Behind) > 0, Ahead: len(sum.Ahead) > 0,
		NameBehind: nameable(sum.Behind), NameAhead: nameable(sum.Ahead),
		AllBehind: len(sum.Behind) == len(sum.All), AllAhead: len(sum.Ahead) == len(sum.All),
		Tested: sum.Tested > 0, SomeSignificant: sum.Significant > 0, OneSignificant: sum.Significant == 1,
		AllSignificant: sum.Significant == sum.Tested,
	}
	if r.One {
		r.OneKey = v.cellKey(sum.Least.Group, sum.Least.Bit)
	}
	return r
}

package paper

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/stats"
)

// values holds every number and name that the documents print, as text under
// a name. The LaTeX document reads them as macros, so that one place can be
// checked against the records.
type values struct {
	text map[string]string
}

// set files a value. Setting a name twice is a mistake in this package.
func (v *values) set(name, text string) {
	if _, taken := v.text[name]; taken {
		panic("paper: value set twice: " + name)
	}
	v.text[name] = text
}

// get returns the text of a value, or an error when there is none.
func (v *values) get(name string) (string, error) {
	text, ok := v.text[name]
	if !ok {
		return "", fmt.Errorf("the text uses the value %q, which the records do not give", name)
	}
	return text, nil
}

func (v *values) names() []string {
	names := make([]string, 0, len(v.text))
	for name := range v.text {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A filer fills the values and knows under which names.
type filer struct {
	values
	data, architecture, recipe *slugs
}

func (f *filer) groupKey(g *group) string {
	return "twins/" + f.data.slug(g.Data) + "/" + f.architecture.slug(g.Architecture)
}

func (f *filer) cellKey(g *group, c *cell) string {
	return f.groupKey(g) + "/" + f.recipe.slug(c.Recipe)
}

// fileValues derives every value from the study.
func fileValues(s *study, comparisons []*comparison, warnings []string) *filer {
	f := &filer{values{map[string]string{}}, newSlugs(), newSlugs(), newSlugs()}
	f.constants()
	f.totals(s)
	for _, g := range s.Groups {
		f.group(g)
	}
	for _, c := range comparisons {
		f.comparison(c)
	}
	f.recipe.slug(floatRecipe)
	for _, recipe := range s.Recipes {
		f.recipeSummary(recipe, comparisons)
	}
	for i, w := range warnings {
		f.set(warningName(i), w)
	}
	return f
}

func warningName(i int) string { return fmt.Sprintf("warning/%d", i+1) }

func (f *filer) constants() {
	f.set("confidence", shortest(100*confidence)+"\u00a0%")
	f.set("alpha", shortest(100*alpha)+"\u00a0%")
}

// totals files what the whole study consists of.
func (f *filer) totals(s *study) {
	var data, architectures []string
	var seeds []uint64
	var settings []experiment.Settings
	for _, g := range s.Groups {
		data = append(data, g.Data)
		if !slices.Contains(architectures, g.Architecture) {
			architectures = append(architectures, g.Architecture)
		}
		for _, c := range g.cells() {
			for _, r := range c.Runs {
				seeds = append(seeds, r.Seed)
			}
		}
		settings = append(settings, distinct(g, func(r experiment.Record) experiment.Settings { return r.Settings })...)
	}
	data = slices.Compact(data)
	slices.Sort(seeds)
	seeds = slices.Compact(seeds)
	for _, name := range data {
		f.set("data/"+f.data.slug(name), properName(name))
	}
	for _, name := range architectures {
		f.set("architecture/"+f.architecture.slug(name), properName(name))
	}
	f.set("data-sets", nameOrCount(data, "data sets"))
	f.set("architectures", nameOrCount(architectures, "architectures"))
	f.set("runs", counted(s.Runs, "training run", "training runs"))
	f.set("seeds", counted(len(seeds), "seed", "seeds"))
	f.set("seed-list", seedList(seeds))
	f.set("epochs", spread(settings, func(s experiment.Settings) int { return s.Epochs }, integer))
	f.set("batch-size", spread(settings, func(s experiment.Settings) int { return s.BatchSize }, integer))
	f.set("learning-rate", spread(settings, func(s experiment.Settings) float64 { return s.LearningRate }, shortest))
}

// seedList prints ascending seeds, a longer run without gaps by its ends.
func seedList(seeds []uint64) string {
	first, last := seeds[0], seeds[len(seeds)-1]
	if n := uint64(len(seeds)); n > 4 && last-first == n-1 {
		return fmt.Sprintf("%d to %d", first, last)
	}
	return joinMap(seeds, func(seed uint64) string { return fmt.Sprint(seed) })
}

// nameOrCount enumerates a few names and counts more.
func nameOrCount(names []string, noun string) string {
	if len(names) > 4 {
		return integer(len(names)) + " " + noun
	}
	proper := make([]string, len(names))
	for i, n := range names {
		proper[i] = properName(n)
	}
	return enumerate(proper)
}

// spread prints the one value that all have, or the least and the greatest.
func spread[S any, N cmp.Ordered](list []S, of func(S) N, print func(N) string) string {
	numbers := make([]N, len(list))
	for i, s := range list {
		numbers[i] = of(s)
	}
	least, most := slices.Min(numbers), slices.Max(numbers)
	if least == most {
		return print(least)
	}
	return print(least) + " to " + print(most)
}

// group files the settings and the accuracies of one architecture on one data set.
func (f *filer) group(g *group) {
	key := f.groupKey(g)
	f.set(key+"/name", g.name())
	settings := distinct(g, func(r experiment.Record) experiment.Settings { return r.Settings })
	f.set(key+"/epochs", spread(settings, func(s experiment.Settings) int { return s.Epochs }, integer))
	f.set(key+"/batch-size", spread(settings, func(s experiment.Settings) int { return s.BatchSize }, integer))
	f.set(key+"/learning-rate", spread(settings, func(s experiment.Settings) float64 { return s.LearningRate }, shortest))
	sizes := distinct(g, func(r experiment.Record) int { return r.Result.TrainSize })
	f.set(key+"/images", spread(sizes, func(n int) int { return n }, integer))
	f.set(key+"/parameters", spread(g.parameters(), func(n int) int { return n }, integer))
	for _, c := range g.cells() {
		cell := f.cellKey(g, c)
		x := c.accuracies()
		f.set(cell+"/runs", integer(len(x)))
		f.set(cell+"/parameters", spread(c.Runs, func(r experiment.Record) int { return r.Result.Parameters }, integer))
		f.set(cell+"/mean", percent(stats.Mean(x)))
		if len(x) > 1 {
			f.set(cell+"/std", percent(stats.PopulationStd(x)))
		}
	}
}

// comparison files one BitNet's difference from its FloatNet.
func (f *filer) comparison(c *comparison) {
	key, d := f.cellKey(c.Group, c.Bit), c.Difference
	f.set(key+"/pairs", integer(d.N))
	f.set(key+"/pairs-counted", counted(d.N, "common seed", "common seeds"))
	f.set(key+"/difference", points(d.Mean))
	f.set(key+"/interval", interval(d.CI))
	f.set(key+"/p", probability(d.P))
	f.set(key+"/holm", probability(c.Holm))
	f.set(key+"/holm-is", probabilityIs(c.Holm))
	f.set(key+"/dz", signed(d.DZ, 2))
	f.set(key+"/bit-ahead", integer(c.BitAhead))
	f.set(key+"/float-ahead", integer(c.FloatAhead))
}

// recipeSummary files what all comparisons of one recipe say together.
func (f *filer) recipeSummary(recipe string, comparisons []*comparison) {
	key := "recipe/" + f.recipe.slug(recipe)
	f.set(key+"/name", recipe)
	sum := summarise(recipe, comparisons)
	if len(sum.All) == 0 {
		return
	}
	f.set(key+"/comparisons", integer(len(sum.All)))
	f.set(key+"/behind", integer(len(sum.Behind)))
	f.set(key+"/ahead", integer(len(sum.Ahead)))
	f.set(key+"/tested", integer(sum.Tested))
	f.set(key+"/significant", integer(sum.Significant))
	if nameable(sum.Behind) {
		f.set(key+"/behind-where", places(sum.Behind))
	}
	if nameable(sum.Ahead) {
		f.set(key+"/ahead-where", places(sum.Ahead))
	}
	f.set(key+"/least", points(sum.Least.Difference.Mean))
	f.set(key+"/most", points(sum.Most.Difference.Mean))
	f.set(key+"/least-where", place(sum.Least))
	f.set(key+"/most-where", place(sum.Most))
}

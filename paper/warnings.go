package paper

import (
	"fmt"
	"slices"
	"strings"

	"github.com/AlarioAI/bitnet/experiment"
)

// warnings lists what a reader must know about gaps and mixtures in the
// records before trusting the tables, one sentence each.
//
// Expected names the runs that the experiment planned. Without it every cell
// is expected to have the seeds that any cell has, and every group all recipes
// that any group has.
func warnings(s *study, expected []experiment.Key) []string {
	if len(expected) == 0 {
		expected = crossProduct(s)
	}
	list := missing(s, expected)
	for _, g := range s.Groups {
		where := g.name()
		if counts := g.parameters(); len(counts) > 1 {
			list = append(list, fmt.Sprintf("%s: the runs have different numbers of parameters (%s), so they are not twins.", where, joinMap(counts, integer)))
		}
		if n := len(distinct(g, func(r experiment.Record) experiment.Settings { return r.Settings })); n > 1 {
			list = append(list, fmt.Sprintf("%s: the runs were made with %d different settings and are compared all the same.", where, n))
		}
		if n := len(distinct(g, func(r experiment.Record) int { return r.Result.TrainSize })); n > 1 {
			list = append(list, fmt.Sprintf("%s: the runs were trained on %d different numbers of images.", where, n))
		}
		for _, b := range g.Bits {
			if g.Float == nil {
				continue
			}
			switch n := len(pairs(g.Float, b)); {
			case n == 0:
				list = append(list, fmt.Sprintf("%s, %s: the twins have no seed in common, so their difference is not given.", where, b.Recipe))
			case n == 1:
				list = append(list, fmt.Sprintf("%s, %s: the twins have only one seed in common, so the difference has no confidence interval.", where, b.Recipe))
			}
		}
	}
	return list
}

// crossProduct is every group with every recipe and every seed of the study.
func crossProduct(s *study) []experiment.Key {
	var seeds []uint64
	recipes := slices.Clone(s.Recipes)
	for _, g := range s.Groups {
		for _, c := range g.cells() {
			for _, r := range c.Runs {
				seeds = append(seeds, r.Seed)
			}
		}
	}
	recipes = append(recipes, floatRecipe)
	slices.Sort(seeds)
	seeds = slices.Compact(seeds)
	var keys []experiment.Key
	for _, g := range s.Groups {
		for _, recipe := range recipes {
			for _, seed := range seeds {
				keys = append(keys, experiment.Key{Data: g.Data, Architecture: g.Architecture, Recipe: recipe, Seed: seed})
			}
		}
	}
	return keys
}

// missing reports the expected runs that have no record, cell by cell.
func missing(s *study, expected []experiment.Key) []string {
	have := map[experiment.Key]bool{}
	for _, g := range s.Groups {
		for _, c := range g.cells() {
			for _, r := range c.Runs {
				have[r.Key] = true
			}
		}
	}
	expected = slices.Clone(expected)
	slices.SortFunc(expected, compareKeys)
	expected = slices.Compact(expected)
	var list []string
	for len(expected) > 0 {
		first := expected[0]
		var seeds []uint64
		n := 0
		for ; n < len(expected) && sameCell(expected[n], first); n++ {
			if !have[expected[n]] {
				seeds = append(seeds, expected[n].Seed)
			}
		}
		expected = expected[n:]
		if len(seeds) == 0 {
			continue
		}
		where := fmt.Sprintf("%s on %s, %s", properName(first.Architecture), properName(first.Data), network(first.Recipe))
		if len(seeds) == n {
			list = append(list, fmt.Sprintf("%s: no run has finished (%d of %d missing).", where, n, n))
			continue
		}
		list = append(list, fmt.Sprintf("%s: %d of %d runs missing (%s %s).", where, len(seeds), n, plural(len(seeds), "seed", "seeds"), joinMap(seeds, func(s uint64) string { return fmt.Sprint(s) })))
	}
	return list
}

func sameCell(a, b experiment.Key) bool {
	a.Seed = b.Seed
	return a == b
}

// distinct returns what of gives for the group's runs, each once, in the order
// of first appearance.
func distinct[T comparable](g *group, of func(experiment.Record) T) (values []T) {
	for _, c := range g.cells() {
		for _, r := range c.Runs {
			if v := of(r); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	return values
}

func joinMap[T any](list []T, text func(T) string) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = text(v)
	}
	return strings.Join(words, ", ")
}

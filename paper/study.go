package paper

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/AlarioAI/bitnet/experiment"
)

// floatRecipe is the recipe of a FloatNet.
const floatRecipe = "float"

// A cell holds the runs of one (data set, architecture, recipe), one per seed
// and in the order of the seeds.
type cell struct {
	Recipe string
	Runs   []experiment.Record
}

// A group is one architecture on one data set: its FloatNet, if there is one,
// and its BitNets in the order of recipeOrder.
type group struct {
	Data, Architecture string
	Float              *cell
	Bits               []*cell
}

// A study is all records, grouped. Groups are ordered by data set, then by
// number of parameters, then by name.
type study struct {
	Groups  []*group
	Recipes []string // of the BitNets
	Runs    int
}

// name says what the group compares: the architecture, the data set, and in what
// the runs depart from either.
func (g *group) name() string {
	name := properName(g.Architecture) + " on " + properName(g.Data)
	var departures []string
	for _, s := range distinct(g, func(r experiment.Record) experiment.Settings { return r.Settings }) {
		if d := s.Departures(); len(d) > 0 {
			departures = append(departures, strings.Join(d, ", "))
		}
	}
	if departures = slices.Compact(departures); len(departures) > 0 {
		name += " (" + strings.Join(departures, "; ") + ")"
	}
	return name
}

// cells returns the group's cells, the FloatNet first.
func (g *group) cells() []*cell {
	if g.Float == nil {
		return g.Bits
	}
	return append([]*cell{g.Float}, g.Bits...)
}

// parameters returns the group's parameter counts, each once. Twins have the
// same count, so more than one is a sign of records that do not belong
// together.
func (g *group) parameters() []int {
	var counts []int
	for _, c := range g.cells() {
		for _, r := range c.Runs {
			counts = append(counts, r.Result.Parameters)
		}
	}
	slices.Sort(counts)
	return slices.Compact(counts)
}

// newStudy groups the records. The same record twice counts once; two
// different records of one run cannot both be right and are an error.
func newStudy(records []experiment.Record) (*study, error) {
	if len(records) == 0 {
		return nil, errors.New("no finished run to write about")
	}
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b experiment.Record) int { return compareKeys(a.Key, b.Key) })
	s := &study{}
	for i, r := range records {
		if err := check(r); err != nil {
			return nil, err
		}
		if i > 0 && r.Key == records[i-1].Key {
			if !reflect.DeepEqual(r, records[i-1]) {
				return nil, fmt.Errorf("two different records of one run: %s", describeKey(r.Key))
			}
			continue
		}
		s.add(r)
	}
	slices.SortStableFunc(s.Groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.Data, b.Data), cmp.Compare(a.parameters()[0], b.parameters()[0]), cmp.Compare(a.Architecture, b.Architecture))
	})
	slices.SortFunc(s.Recipes, compareRecipes)
	return s, nil
}

// add files a record whose predecessors all had smaller keys.
func (s *study) add(r experiment.Record) {
	s.Runs++
	var g *group
	if n := len(s.Groups); n > 0 && s.Groups[n-1].Data == r.Data && s.Groups[n-1].Architecture == r.Architecture {
		g = s.Groups[n-1]
	} else {
		g = &group{Data: r.Data, Architecture: r.Architecture}
		s.Groups = append(s.Groups, g)
	}
	switch n := len(g.Bits); {
	case r.Recipe == floatRecipe && g.Float == nil:
		g.Float = &cell{Recipe: floatRecipe, Runs: []experiment.Record{r}}
	case r.Recipe == floatRecipe:
		g.Float.Runs = append(g.Float.Runs, r)
	case n > 0 && g.Bits[n-1].Recipe == r.Recipe:
		g.Bits[n-1].Runs = append(g.Bits[n-1].Runs, r)
	default:
		g.Bits = append(g.Bits, &cell{Recipe: r.Recipe, Runs: []experiment.Record{r}})
		if !slices.Contains(s.Recipes, r.Recipe) {
			s.Recipes = append(s.Recipes, r.Recipe)
		}
	}
}

func check(r experiment.Record) error {
	switch a := r.Result.TestAccuracy; {
	case r.Data == "" || r.Architecture == "" || r.Recipe == "":
		return fmt.Errorf("record without data set, architecture or recipe: %q, %q, %q", r.Data, r.Architecture, r.Recipe)
	case !(a >= 0 && a <= 1):
		return fmt.Errorf("record of %s: test accuracy %v is not in [0, 1]", describeKey(r.Key), a)
	}
	return nil
}

func describeKey(k experiment.Key) string {
	return fmt.Sprintf("%s on %s, %s, seed %d", k.Architecture, k.Data, k.Recipe, k.Seed)
}

func compareKeys(a, b experiment.Key) int {
	return cmp.Or(strings.Compare(a.Data, b.Data), strings.Compare(a.Architecture, b.Architecture),
		compareRecipes(a.Recipe, b.Recipe), cmp.Compare(a.Seed, b.Seed))
}

// compareRecipes orders the recipes as the method section explains them, then
// any other by name.
func compareRecipes(a, b string) int {
	order := []string{floatRecipe, "b158", "b1", "alario"}
	rank := func(recipe string) int {
		if i := slices.Index(order, recipe); i >= 0 {
			return i
		}
		return len(order)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

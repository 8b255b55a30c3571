package experiment

import (
	"path/filepath"

	"github.com/AlarioAI/bitnet/quant"
)

// scores are one twin's part of experiment_results.json.
type scores struct {
	Scores     []float64 `json:"scores"` // test accuracies in [0, 1], by seed
	Metric     string    `json:"metric"`
	Parameters int       `json:"num_parameters"`
	TrainSize  int       `json:"trainset_size"`
}

type twins struct {
	BitNet   *scores `json:"BitNet,omitempty"`
	FloatNet *scores `json:"FloatNet,omitempty"`
}

// writeResults writes experiment_results.json, whose form is that of the
// AlarioAI/bitnet project:
//
//	{"DATA_ARCHITECTURE": {
//	  "BitNet":   {"scores": [...], "metric": "accuracy", "num_parameters": n, "trainset_size": n},
//	  "FloatNet": {...}}}
//
// That form knows one BitNet only. If the store has several recipes, the key
// is DATA_ARCHITECTURE_RECIPE and the FloatNet stands beside each of them.
func (s *store) writeResults() error {
	records, _, err := Read(s.dir)
	if err != nil {
		return err
	}
	return writeJSON(filepath.Join(s.dir, resultsFile), results(records))
}

// results groups records, which are ordered by key.
func results(records []Record) map[string]twins {
	type group struct {
		float *scores
		bits  map[string]*scores // by recipe
	}
	groups, recipes := map[string]*group{}, map[string]bool{}
	for _, r := range records {
		name := r.Data + "_" + r.Architecture
		g := groups[name]
		if g == nil {
			g = &group{bits: map[string]*scores{}}
			groups[name] = g
		}
		if r.Recipe == quant.Float.String() {
			g.float = g.float.with(r)
		} else {
			g.bits[r.Recipe] = g.bits[r.Recipe].with(r)
			recipes[r.Recipe] = true
		}
	}
	all := map[string]twins{}
	for name, g := range groups {
		if len(g.bits) == 0 {
			all[name] = twins{FloatNet: g.float}
		}
		for recipe, bit := range g.bits {
			key := name
			if len(recipes) > 1 {
				key += "_" + recipe
			}
			all[key] = twins{BitNet: bit, FloatNet: g.float}
		}
	}
	return all
}

// with returns the scores, or new ones, with that of the record.
func (s *scores) with(r Record) *scores {
	if s == nil {
		s = &scores{Metric: "accuracy", Parameters: r.Result.Parameters, TrainSize: r.Result.TrainSize}
	}
	s.Scores = append(s.Scores, r.Result.TestAccuracy)
	return s
}

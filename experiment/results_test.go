package experiment

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/AlarioAI/bitnet/train"
)

func TestResults(t *testing.T) {
	record := func(architecture, recipe string, seed uint64, accuracy float64) Record {
		return Record{Key: Key{"mnist", architecture, recipe, seed}, Result: train.Result{TestAccuracy: accuracy, Parameters: 100, TrainSize: 48000}}
	}
	one := []Record{record("lenet5", "b158", 0, 0.5), record("lenet5", "b158", 1, 0.25), record("lenet5", "float", 0, 0.75), record("feedforward", "float", 0, 1)}
	for name, c := range map[string]struct {
		records []Record
		want    string
	}{
		"one recipe": {one, `{
			"mnist_feedforward": {"FloatNet": {"scores": [1], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000}},
			"mnist_lenet5": {
				"BitNet": {"scores": [0.5, 0.25], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000},
				"FloatNet": {"scores": [0.75], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000}}}`},
		"two recipes": {append(one, record("lenet5", "b1", 0, 0)), `{
			"mnist_feedforward": {"FloatNet": {"scores": [1], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000}},
			"mnist_lenet5_b1": {
				"BitNet": {"scores": [0], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000},
				"FloatNet": {"scores": [0.75], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000}},
			"mnist_lenet5_b158": {
				"BitNet": {"scores": [0.5, 0.25], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000},
				"FloatNet": {"scores": [0.75], "metric": "accuracy", "num_parameters": 100, "trainset_size": 48000}}}`},
		"nothing": {nil, `{}`},
	} {
		text, err := json.Marshal(results(c.records))
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

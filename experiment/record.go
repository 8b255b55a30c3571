package experiment

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/AlarioAI/bitnet/train"
)

// A Key names one run: one training of one twin under one seed.
type Key struct {
	Data         string `json:"data"`
	Architecture string `json:"architecture"`
	Recipe       string `json:"recipe"` // "float" is the FloatNet; every other recipe is a BitNet
	Seed         uint64 `json:"seed"`
}

// String returns the key for messages: mnist lenet5 b158 seed 0.
func (k Key) String() string {
	return fmt.Sprintf("%s %s %s seed %d", k.Data, k.Architecture, k.Recipe, k.Seed)
}

// Compare orders keys by data set, architecture, recipe and seed.
func (k Key) Compare(other Key) int {
	return cmp.Or(strings.Compare(k.Data, other.Data), strings.Compare(k.Architecture, other.Architecture),
		strings.Compare(k.Recipe, other.Recipe), cmp.Compare(k.Seed, other.Seed))
}

// Settings are the hyperparameters of a run.
type Settings struct {
	Epochs       int     `json:"epochs"`
	BatchSize    int     `json:"batch_size"`
	LearningRate float64 `json:"learning_rate"`
	Crop         int     `json:"crop,omitempty"` // see data.LoaderConfig
	Flip         bool    `json:"flip,omitempty"`
	Network      Network `json:"network,omitzero"`
}

// A Record is one finished run.
type Record struct {
	Key
	Settings Settings     `json:"settings"`
	Result   train.Result `json:"result"`
}

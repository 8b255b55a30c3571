package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/experiment"
)

// storeFlags say how to do an experiment.
type storeFlags struct {
	Out             string        `default:"out" placeholder:"DIR" help:"Folder of the store (default: ${default})."`
	Jobs            int           `default:"1" placeholder:"N" help:"Runs side by side, which share the processors; the results do not depend on it (default: ${default})."`
	Data            []string      `placeholder:"DIR" sep:"none" help:"Folder of a data set, or name of a built-in one, to train on instead of what the configuration says; repeatable."`
	SaveWeights     bool          `help:"Keep the trained weights of every run in the store, as weights.safetensors."`
	CheckpointEvery time.Duration `default:"10s" placeholder:"TIME" help:"Time between two checkpoints of a run (default: ${default})."`
}

// Validate checks the flags.
func (f storeFlags) Validate() error {
	if f.Jobs < 1 {
		return fmt.Errorf("--jobs %d, want at least 1", f.Jobs)
	}
	if f.CheckpointEvery <= 0 {
		return fmt.Errorf("--checkpoint-every %v, want more than 0", f.CheckpointEvery)
	}
	return nil
}

// execute does what is missing of an experiment. The name of its configuration
// is for errors.
func (f storeFlags) execute(t *terminal, c *experiment.Config, name string) error {
	open := func(s experiment.Source) (*data.Set, error) {
		set, err := openSet(s)
		if err != nil && s.Folder == "" {
			err = fmt.Errorf("%s: data: %w", name, err)
		}
		return set, err
	}
	if len(f.Data) > 0 {
		var err error
		if c.Data, err = f.sources(); err != nil {
			return err
		}
	}
	p := newProgress(t.stderr)
	err := experiment.Execute(t, c, f.Out, experiment.Options{
		Program:         t.program(),
		Open:            open,
		Jobs:            f.Jobs,
		SaveWeights:     f.SaveWeights,
		CheckpointEvery: f.CheckpointEvery,
		OnStart:         p.start,
		OnStep:          p.step,
		OnEpoch:         p.epoch,
		OnDone:          p.done,
		OnWarn:          p.warn,
	})
	p.close()
	if err == nil && p.count() == 0 {
		t.log("nothing to do: %s has all %d runs", f.Out, len(c.Runs()))
	}
	return err
}

// sources returns the data sets that --data names.
func (f storeFlags) sources() (all []experiment.Source, err error) {
	for _, arg := range f.Data {
		source, err := sourceOf(arg)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other experiment.Source) bool { return other.Name == source.Name }) {
			return nil, usageError{fmt.Errorf("--data %s: a second data set of the name %s", arg, source.Name)}
		}
		all = append(all, source)
	}
	return all, nil
}

package experiment

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/train"
	"github.com/AlarioAI/bitnet/weights"
)

// Options say how Execute works. They do not change what comes out.
type Options struct {
	Program         string                          // name and version, noted in a new store
	Open            func(Source) (*data.Set, error) // called once for each data set
	Jobs            int                             // runs side by side; 1 if 0
	SaveWeights     bool                            // keep the trained weights of every run in the store
	CheckpointEvery time.Duration                   // see train.Config

	// Listeners, nil or not. Those of different runs are called at the same
	// time if Jobs is more than 1.
	OnStart func(Task)
	OnStep  func(Task, train.Progress) // see train.Config
	OnEpoch func(Task, train.Progress) // see train.Config
	OnDone  func(Task, train.Result)
	OnWarn  func(Task, string)
}

// A Task is a run that Execute works on.
type Task struct {
	Run
	Number, Of int // among the runs to be done, counted from 1
}

// Execute does all runs of the experiment that the store in the folder dir has
// no result of, and writes experiment_results.json there. The twins of one seed
// start from the same weights and see the same batches.
//
// When ctx is done, the runs that are under way save their state and Execute
// returns an error that wraps ctx's. The first run that fails stops the others
// in the same way. The next Execute goes on from there; after a crash it goes
// on from the last checkpoints. The results are the same bits in any case, for
// any number of jobs and threads.
//
// A folder that does not exist or is empty becomes a new store. It is an error
// if the folder is something else, if another process works in it, if it was
// made by a version of the program that computes other figures, or if it has
// one of the runs with other settings or other data; nothing is changed then.
func Execute(ctx context.Context, c *Config, dir string, o Options) error {
	x := &execution{Options: o, sets: map[string]*data.Set{}, sums: map[string]string{}}
	c, err := x.open(c)
	if err != nil {
		return err
	}
	if x.store, err = openStore(dir, o.Program); err != nil {
		return err
	}
	defer x.store.close()
	missing, err := x.store.plan(c.Runs(), x.sums)
	if err != nil {
		return err
	}
	jobs := max(1, min(o.Jobs, len(missing)))
	x.workers = max(1, runtime.GOMAXPROCS(0)/jobs)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for i, r := range missing {
		group.Go(func() error { return x.run(ctx, Task{r, i + 1, len(missing)}) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return x.store.writeResults()
}

type execution struct {
	Options
	store   *store
	workers int // of each run
	sets    map[string]*data.Set
	sums    map[string]string
}

// open loads the data sets and checks that the networks exist for them. It
// returns the configuration with the checksums of all files of weights.
func (x *execution) open(c *Config) (*Config, error) {
	whole := *c
	whole.Architectures = slices.Clone(c.Architectures)
	for i := range whole.Architectures {
		if err := whole.Architectures[i].Settings.Network.sumWeights(); err != nil {
			return nil, err
		}
	}
	for _, source := range c.Data {
		set, err := x.Open(source)
		if err != nil {
			return nil, err
		}
		for _, a := range c.Architectures {
			if set.Train.H != set.Train.W && a.Settings.Network.Size == 0 {
				return nil, fmt.Errorf("data set %s: %s: images of %dx%d, want square ones or the setting size", source.Name, a.Name, set.Train.H, set.Train.W)
			}
			if err := a.Settings.Network.check(a.Name, set); err != nil {
				return nil, fmt.Errorf("data set %s: %w", source.Name, err)
			}
		}
		x.sets[source.Name], x.sums[source.Name] = set, set.Checksum()
	}
	return &whole, nil
}

func (x *execution) run(ctx context.Context, t Task) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	set := x.sets[t.Data]
	recipe, err := quant.Parse(t.Recipe)
	if err != nil {
		return err
	}
	network := &t.Settings.Network
	model, warnings, err := network.build(t.Architecture, recipe, set, t.Seed)
	if err != nil {
		return fmt.Errorf("%v: %w", t.Key, err)
	}
	options := network.options(set, t.Seed)
	config := train.Config{
		Epochs:          t.Settings.Epochs,
		Batch:           t.Settings.BatchSize,
		Optimizer:       optim.Adam{LR: t.Settings.LearningRate},
		Seed:            t.Seed,
		Crop:            t.Settings.Crop,
		Flip:            t.Settings.Flip,
		Size:            options.Size,
		Channels:        options.Channels,
		Workers:         x.workers,
		Checkpoint:      x.store.file(t.Key, checkpointFile),
		CheckpointEvery: x.CheckpointEvery,
	}
	if x.OnStep != nil {
		config.OnStep = func(p train.Progress) { x.OnStep(t, p) }
	}
	if x.OnEpoch != nil {
		config.OnEpoch = func(p train.Progress) { x.OnEpoch(t, p) }
	}
	if x.OnStart != nil {
		x.OnStart(t)
	}
	for _, w := range warnings {
		if x.OnWarn != nil {
			x.OnWarn(t, w)
		}
	}
	result, err := train.Run(ctx, model, set, config)
	if err != nil {
		return fmt.Errorf("%v: %w", t.Key, err)
	}
	if x.SaveWeights {
		of := &weights.Network{Architecture: t.Architecture, Options: options, Recipe: recipe, Keep: network.keep()}
		if err := weights.Save(x.store.file(t.Key, weightsFile), model, of); err != nil {
			return err
		}
	}
	if err := x.store.finish(t.Run, x.sums[t.Data], result); err != nil {
		return err
	}
	if x.OnDone != nil {
		x.OnDone(t, result)
	}
	return nil
}

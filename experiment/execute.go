package experiment

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/train"
)

// Options say how Execute works. They do not change what comes out.
type Options struct {
	Program         string                          // name and version, noted in a new store
	Open            func(Source) (*data.Set, error) // called once for each data set
	Jobs            int                             // runs side by side; 1 if 0
	CheckpointEvery time.Duration                   // see train.Config

	// Listeners, nil or not. Those of different runs are called at the same
	// time if Jobs is more than 1.
	OnStart func(Task)
	OnStep  func(Task, train.Progress) // see train.Config
	OnEpoch func(Task, train.Progress) // see train.Config
	OnDone  func(Task, train.Result)
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
	if err := x.open(c); err != nil {
		return err
	}
	var err error
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

// open loads the data sets and checks that the architectures exist for them.
func (x *execution) open(c *Config) error {
	for _, source := range c.Data {
		set, err := x.Open(source)
		if err != nil {
			return err
		}
		if set.Train.H != set.Train.W {
			return fmt.Errorf("data set %s: images of %dx%d, want square ones", source.Name, set.Train.H, set.Train.W)
		}
		for _, a := range c.Architectures {
			if _, err := newModel(a.Name, set, 0); err != nil {
				return fmt.Errorf("data set %s: %w", source.Name, err)
			}
		}
		x.sets[source.Name], x.sums[source.Name] = set, set.Checksum()
	}
	return nil
}

func newModel(architecture string, set *data.Set, seed uint64) (nn.Layer, error) {
	return models.New(architecture, models.Options{Classes: set.Classes, Channels: set.Train.C, Size: set.Train.H, Seed: seed})
}

func (x *execution) run(ctx context.Context, t Task) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	set := x.sets[t.Data]
	model, err := newModel(t.Architecture, set, t.Seed)
	if err != nil {
		return err
	}
	recipe, err := quant.Parse(t.Recipe)
	if err != nil {
		return err
	}
	config := train.Config{
		Epochs:          t.Settings.Epochs,
		Batch:           t.Settings.BatchSize,
		Optimizer:       optim.Adam{LR: t.Settings.LearningRate},
		Seed:            t.Seed,
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
	result, err := train.Run(ctx, nn.Swap(model, recipe), set, config)
	if err != nil {
		return fmt.Errorf("%v: %w", t.Key, err)
	}
	if err := x.store.finish(t.Run, x.sums[t.Data], result); err != nil {
		return err
	}
	if x.OnDone != nil {
		x.OnDone(t, result)
	}
	return nil
}

// Package train turns a network, a data set and a seed into a Result: the loop
// over epochs, the choice of the best one, the single use of the test set, and
// the checkpoints from which an interrupted run goes on as if nothing had
// happened.
package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Config says how to train. Two runs with equal Config up to Workers and the
// fields after it, equal initial weights and equal data give the same bits.
type Config struct {
	Epochs    int
	Batch     int
	Optimizer optim.Adam
	Seed      uint64 // of the split, the order of the images and dropout

	// Size and Channels are those of the images that the network takes, Crop and
	// Flip change training images at random; see data.LoaderConfig.
	Size, Channels int
	Crop           int
	Flip           bool

	Workers         int            // goroutines that compute; GOMAXPROCS if 0
	Checkpoint      string         // file to keep the state of the run in and to go on from; none if empty
	CheckpointEvery time.Duration  // between two writes within an epoch; 10 s if 0
	OnStep          func(Progress) // called after every training step
	OnEpoch         func(Progress) // called after every epoch, those before a resume excepted
}

// Validation is the share of the training images that is held out.
const Validation = 0.2

// Progress tells where a run is.
type Progress struct {
	Epoch, Epochs int     // epochs are counted from 0
	Step, Steps   int     // training steps done in this epoch, and in all of it
	Loss          float64 // mean training loss of the epoch so far

	ImagesPerSecond float64       // training speed in this epoch
	Left            time.Duration // to the end of the run, at the speed so far; 0 if unknown
	Last            *Epoch        // the epoch that has ended; nil in OnStep
}

// Run trains a model on set.Train, less the held-out fifth, and returns what
// came out: after every epoch the validation loss is taken, the weights of the
// best epoch are kept as a copy, and at the end that copy is tested, once. The
// model is left with those weights.
//
// When ctx is done, Run writes the checkpoint and returns an error that wraps
// ctx's. A later Run with the same arguments goes on from there; after a crash
// it goes on from the last checkpoint. Either way the result is the same, bit
// for bit. A loss that is not finite ends the run with an error.
func Run(ctx context.Context, model nn.Layer, set *data.Set, c Config) (Result, error) {
	if c.Epochs < 1 || c.Batch < 1 || !(c.Optimizer.LR > 0) {
		return Result{}, fmt.Errorf("epochs %d, batch size %d, learning rate %g, want all positive", c.Epochs, c.Batch, c.Optimizer.LR)
	}
	if err := set.Train.CheckFit(c.Size, c.Channels); err != nil {
		return Result{}, fmt.Errorf("data set %s: %w", set.Name, err)
	}
	trainSet, valSet := data.Split(set.Train.N, Validation, c.Seed)
	if len(trainSet) == 0 || len(valSet) == 0 {
		return Result{}, fmt.Errorf("data set %s: %d training images are too few to hold out %g of them", set.Name, set.Train.N, Validation)
	}
	r := &run{Config: c, ctx: ctx, model: model, set: set}
	r.workers = parallel.New(c.Workers)
	defer r.workers.Close()
	r.tape = autograd.NewTape(r.workers)
	loading := data.LoaderConfig{Batch: c.Batch, Shuffle: true, Seed: c.Seed, Mean: set.Mean, Std: set.Std, Size: c.Size, Channels: c.Channels}
	loading.Crop, loading.Flip = c.Crop, c.Flip
	r.train = data.NewLoader(set.Train, trainSet, loading)
	loading.Shuffle, loading.Crop, loading.Flip = false, 0, false
	r.validation = data.NewLoader(set.Train, valSet, loading)
	r.test = data.NewLoader(set.Test, set.Test.All(), loading)
	if err := checkLastBatch(model, len(trainSet), c.Batch, r.train.Shape()); err != nil {
		return Result{}, err
	}
	r.state = newState(model, c.Optimizer)
	r.identity = identify(model, set, c)
	if err := r.resume(); err != nil {
		return Result{}, err
	}
	return r.loop()
}

// run is a training at work.
type run struct {
	Config
	ctx      context.Context
	model    nn.Layer
	set      *data.Set
	workers  *parallel.Pool
	tape     *autograd.Tape
	identity string

	train, validation, test *data.Loader

	state *state
	saved time.Time // when the last checkpoint was written
	began time.Time // when this process took up the run
	done  int       // training steps since then
}

func (r *run) loop() (Result, error) {
	r.began = time.Now()
	r.saved = r.began
	s := r.state
	for s.Epoch < r.Epochs {
		if err := r.epoch(); err != nil {
			return Result{}, err
		}
		if err := r.save(); err != nil {
			return Result{}, err
		}
	}
	s.restoreBest()
	loss, accuracy, err := r.evaluate(r.test)
	if err != nil {
		return Result{}, r.interrupted(err)
	}
	return Result{
		Epochs:       s.Epochs,
		BestEpoch:    s.Best,
		TestLoss:     loss,
		TestAccuracy: accuracy,
		Parameters:   nn.CountParameters(r.model),
		TrainSize:    r.train.Len(),
	}, nil
}

// epoch trains from where the state stands to the end of the epoch, and
// validates.
func (r *run) epoch() error {
	s := r.state
	start, before := time.Now(), s.Seconds
	for step, batch := range r.train.Epoch(s.Epoch, s.Step) {
		loss := r.step(batch)
		if !finite(loss) {
			return fmt.Errorf("the training loss is %g in epoch %d, step %d of %d; a lower learning rate may help", loss, s.Epoch+1, step+1, r.train.Steps())
		}
		s.LossSum += loss * float64(len(batch.Labels))
		s.Step = step + 1
		s.Images += len(batch.Labels)
		s.Seconds = before + time.Since(start).Seconds()
		r.done++
		if r.OnStep != nil {
			r.OnStep(r.progress())
		}
		if err := r.ctx.Err(); err != nil {
			return r.interrupted(err)
		}
		if s.Step < r.train.Steps() && time.Since(r.saved) >= r.every() {
			if err := r.save(); err != nil {
				return err
			}
		}
	}
	validating := time.Now()
	loss, accuracy, err := r.evaluate(r.validation)
	if err != nil {
		return r.interrupted(err)
	}
	if !finite(loss) {
		return fmt.Errorf("the validation loss is %g in epoch %d; a lower learning rate may help", loss, s.Epoch+1)
	}
	s.endEpoch(loss, accuracy, time.Since(validating))
	if r.OnEpoch != nil {
		p := r.progress()
		p.Epoch, p.Step = s.Epoch-1, r.train.Steps()
		p.Last = &s.Epochs[s.Epoch-1]
		p.Loss, p.ImagesPerSecond = p.Last.TrainLoss, p.Last.ImagesPerSecond
		r.OnEpoch(p)
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// step trains on one batch and returns its loss.
func (r *run) step(batch *data.Batch) float64 {
	r.tape.Reset()
	r.tape.Record(true)
	ctx := &nn.Context{Tape: r.tape, Training: true, Seed: r.Seed, Step: uint64(r.state.adam.Steps)}
	loss := autograd.CrossEntropy(r.tape, r.model.Forward(ctx, batch.X), batch.Labels)
	value := float64(loss.Data[0])
	r.tape.Backward(loss)
	r.state.adam.Step(r.workers)
	return value
}

// evaluate returns the mean cross entropy and the accuracy of the model in
// evaluation mode.
func (r *run) evaluate(images *data.Loader) (loss, accuracy float64, err error) {
	r.tape.Record(false)
	r.tape.Freeze(true)
	defer r.tape.Freeze(false)
	correct := 0
	for _, batch := range images.Epoch(0, 0) {
		if err := r.ctx.Err(); err != nil {
			return 0, 0, err
		}
		r.tape.Reset()
		logits := r.model.Forward(&nn.Context{Tape: r.tape}, batch.X)
		mean := autograd.CrossEntropy(r.tape, logits, batch.Labels).Data[0]
		loss += float64(mean) * float64(len(batch.Labels))
		correct += Correct(logits, batch.Labels)
	}
	n := float64(images.Len())
	return loss / n, float64(correct) / n, nil
}

// Correct returns how many rows of the logits (N, classes) have their maximum,
// the first of equals, at the label.
func Correct(logits *tensor.Tensor, labels []int32) int {
	classes, correct := logits.Shape.Dim(-1), 0
	for i, label := range labels {
		row, best := logits.Data[i*classes:][:classes], 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		if best == int(label) {
			correct++
		}
	}
	return correct
}

func (r *run) progress() Progress {
	s := r.state
	p := Progress{Epoch: s.Epoch, Epochs: r.Epochs, Step: s.Step, Steps: r.train.Steps()}
	if s.Images > 0 {
		p.Loss = s.LossSum / float64(s.Images)
		p.ImagesPerSecond = float64(s.Images) / s.Seconds
	}
	if r.done > 0 {
		left := (r.Epochs-s.Epoch)*r.train.Steps() - s.Step
		p.Left = time.Duration(float64(time.Since(r.began)) / float64(r.done) * float64(left))
	}
	return p
}

func (r *run) every() time.Duration {
	if r.CheckpointEvery > 0 {
		return r.CheckpointEvery
	}
	return 10 * time.Second
}

// interrupted saves the state and wraps the context's error.
func (r *run) interrupted(cause error) error {
	if err := r.save(); err != nil {
		return err
	}
	return fmt.Errorf("training stopped in epoch %d of %d: %w", min(r.state.Epoch+1, r.Epochs), r.Epochs, cause)
}

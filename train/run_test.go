package train

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

func TestSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	recipes := quant.Recipes()
	if testing.Short() {
		recipes = []quant.Recipe{quant.B158}
	}
	for _, architecture := range []string{"feedforward", "lenet5"} { // package models tests a step of the others
		for _, recipe := range recipes {
			s := small()
			s.architecture, s.recipe = architecture, recipe
			want := s.mustRun(t)
			for _, threads := range []int{1, 2} {
				runtime.GOMAXPROCS(threads)
				for _, s.config.Workers = range []int{1, 2, 3} {
					expectEqual(t, architecture+" "+recipe.String(), s.mustRun(t), want)
				}
			}
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	s := small()
	a := s.mustRun(t)
	s.config.Seed++
	if b := s.mustRun(t); a.Result.TestLoss == b.Result.TestLoss {
		t.Errorf("two seeds have the test loss %v", a.Result.TestLoss)
	}
}

// On labels that cannot be learned, the validation loss is at its least soon
// and grows while the weights learn the training images by heart.
func TestBestEpochIsACopy(t *testing.T) {
	s := small()
	s.architecture, s.recipe = "feedforward", quant.Float
	rng := tensor.NewStream(1, "labels")
	for i := range s.set.Train.Labels {
		s.set.Train.Labels[i] = int32(rng.Intn(10))
	}
	s.config.Epochs = 8
	long := s.mustRun(t)
	best := long.Result.BestEpoch
	if best == s.config.Epochs-1 {
		t.Fatal("the last epoch is the best, so the test shows nothing")
	}
	for i, e := range long.Result.Epochs {
		if e.ValLoss < long.Result.Epochs[best].ValLoss || e.ValLoss == long.Result.Epochs[best].ValLoss && i < best {
			t.Errorf("epoch %d has validation loss %v, the best one %d has %v", i, e.ValLoss, best, long.Result.Epochs[best].ValLoss)
		}
	}

	// A run that ends with that epoch has its weights.
	s.config.Epochs = best + 1
	short := s.mustRun(t)
	long.Result.Epochs = long.Result.Epochs[:best+1]
	expectEqual(t, "weights of the best epoch", long, short)
}

func TestLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains four networks")
	}
	s := small()
	s.set = newSet(400, 100, 12)
	s.config.Epochs = 6
	for _, s.recipe = range quant.Recipes() {
		r := s.mustRun(t).Result
		if first, last := r.Epochs[0].TrainLoss, r.Epochs[5].TrainLoss; last > first/2 {
			t.Errorf("%v: training loss %v after one epoch, %v after six", s.recipe, first, last)
		}
		if r.TestAccuracy < 0.3 { // a guess is right once in ten
			t.Errorf("%v: test accuracy %v", s.recipe, r.TestAccuracy)
		}
		if r.TrainSize != 320 || r.Parameters == 0 {
			t.Errorf("%v: %d images, %d parameters", s.recipe, r.TrainSize, r.Parameters)
		}
	}
}

func TestProgress(t *testing.T) {
	s := small()
	var steps, epochs []Progress
	s.config.OnStep = func(p Progress) { steps = append(steps, p) }
	s.config.OnEpoch = func(p Progress) { epochs = append(epochs, p) }
	result := s.mustRun(t).Result
	if len(steps) != 9 || len(epochs) != 3 {
		t.Fatalf("%d steps, %d epochs", len(steps), len(epochs))
	}
	for i, p := range steps {
		if p.Epoch != i/3 || p.Step != i%3+1 || p.Epochs != 3 || p.Steps != 3 || p.Last != nil || !(p.Loss > 0) || p.ImagesPerSecond <= 0 {
			t.Errorf("step %d: %+v", i, p)
		}
	}
	for i, p := range epochs {
		if p.Epoch != i || p.Step != 3 || p.Last == nil || p.Last.ValLoss != result.Epochs[i].ValLoss || p.Loss != p.Last.TrainLoss {
			t.Errorf("epoch %d: %+v", i, p)
		}
		if i > 0 && i < 2 && p.Left <= 0 || i == 2 && p.Left != 0 {
			t.Errorf("after epoch %d, %v are left", i, p.Left)
		}
	}
}

func TestBadSettings(t *testing.T) {
	for want, change := range map[string]func(*setup){
		"epochs 0":          func(s *setup) { s.config.Epochs = 0 },
		"batch size -1":     func(s *setup) { s.config.Batch = -1 },
		"learning rate 0":   func(s *setup) { s.config.Optimizer.LR = 0 },
		"rate NaN":          func(s *setup) { s.config.Optimizer.LR = math.NaN() },
		"noise: 2 training": func(s *setup) { s.set = newSet(2, 5, 12) },
	} {
		s := small()
		change(&s)
		if _, err := s.run(t.Context()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one about %s", err, want)
		}
	}
}

func TestCorrect(t *testing.T) {
	logits := tensor.From([]float32{
		1, 2, 0,
		3, 3, 0, // the first of equals
		0, 0, 5,
		-1, -2, -3,
	}, 4, 3)
	if n := Correct(logits, []int32{1, 0, 1, 0}); n != 3 {
		t.Errorf("%d correct, want 3", n)
	}
}

func TestLossThatIsNotFinite(t *testing.T) {
	s := small()
	s.recipe = quant.Float
	s.config.Optimizer.LR = 1e30
	if _, err := s.run(t.Context()); err == nil || !strings.Contains(err.Error(), "loss is") || !strings.Contains(err.Error(), "epoch 1") {
		t.Errorf("error %v", err)
	}
}

// One image with one pixel is nothing that a batch norm could normalise.
func TestLastBatchOfOneImage(t *testing.T) {
	for _, c := range []struct {
		architecture string
		batch        int
		err          string
	}{
		{"mobilenet_v3_small", 13, "batch size 13: the last of 40 training images would be alone in a batch, with one pixel at the batch norm features."},
		{"mobilenet_v3_small", 1, "batch size 1: "},
		{"lenet5", 13, ""},
	} {
		s := small()
		s.architecture, s.config.Batch, s.config.Epochs = c.architecture, c.batch, 1
		if _, err := s.run(t.Context()); c.err == "" && err != nil || c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err)) {
			t.Errorf("%s in batches of %d: %v, want %q", c.architecture, c.batch, err, c.err)
		}
	}
}

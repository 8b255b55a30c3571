package experiment

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/train"
)

func TestExecuteDoesWhatIsMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "store")
	first, whole := small(), small()
	first.Seeds = first.Seeds[:1]
	if done := execute(t, first, dir); len(done) != 4 {
		t.Errorf("did %v", done)
	}
	done := execute(t, whole, dir)
	if len(done) != 4 || slices.ContainsFunc(done, func(k Key) bool { return k.Seed != 4 }) {
		t.Errorf("did %v, want the runs of seed 4", done)
	}
	before := finished(t, dir)
	if len(before) != 8 {
		t.Errorf("%d records", len(before))
	}
	if done := execute(t, whole, dir); len(done) != 0 {
		t.Errorf("did %v again", done)
	}
	if d := cmp.Diff(before, finished(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestTheOrderAndTheNumberOfJobsDoNotMatter(t *testing.T) {
	sequential, parallel := t.TempDir(), t.TempDir()
	execute(t, small(), sequential)
	c := small()
	slices.Reverse(c.Recipes)
	slices.Reverse(c.Architectures)
	if err := Execute(t.Context(), c, parallel, Options{Open: openNoise, Jobs: 3}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(finished(t, sequential), finished(t, parallel)); d != "" {
		t.Error(d)
	}
}

func TestInterruptedExperimentGoesOn(t *testing.T) {
	uninterrupted := t.TempDir()
	execute(t, small(), uninterrupted)
	want := finished(t, uninterrupted)
	for _, jobs := range []int{1, 2} {
		dir := t.TempDir()
		for stops := 0; ; stops++ {
			ctx, cancel := context.WithCancel(t.Context())
			steps := 0
			var mu sync.Mutex
			err := Execute(ctx, small(), dir, Options{Open: openNoise, Jobs: jobs, OnStep: func(Task, train.Progress) {
				mu.Lock()
				defer mu.Unlock()
				if steps++; steps == 7 { // less than a run has
					cancel()
				}
			}})
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) || stops > 20 {
				t.Fatalf("stop %d: %v", stops, err)
			}
		}
		if d := cmp.Diff(want, finished(t, dir)); d != "" {
			t.Errorf("%d jobs: %s", jobs, d)
		}
		expectNoRest(t, dir)
	}
}

// expectNoRest looks for checkpoints and temporary files.
func expectNoRest(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, e os.DirEntry, err error) error {
		if !e.IsDir() && !slices.Contains([]string{headerFile, resultsFile, recordFile}, e.Name()) {
			t.Errorf("%s is left", file)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheFirstFailureStopsTheRest(t *testing.T) {
	c := small()
	c.Data = []Source{{Name: "few"}, {Name: "noise"}}
	open := func(s Source) (*data.Set, error) {
		set := newSet(s.Name)
		if s.Name == "few" { // too few to hold out a fifth
			set.Train.N, set.Train.Labels, set.Train.Pixels = 1, set.Train.Labels[:1], set.Train.Pixels[:set.Train.Size()]
		}
		return set, nil
	}
	dir := t.TempDir()
	err := Execute(t.Context(), c, dir, Options{Open: open})
	if err == nil || !strings.HasPrefix(err.Error(), "few feedforward float seed 0: data set few: 1 training images") {
		t.Errorf("error %v", err)
	}
	if records := finished(t, dir); len(records) != 0 {
		t.Errorf("%d records", len(records))
	}
}

func TestDataThatDoesNotFit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	for want, open := range map[string]func(Source) (*data.Set, error){
		"not there": func(Source) (*data.Set, error) { return nil, errors.New("not there") },
		"data set noise: feedforward: images of 6x24, want square ones or the setting size": func(s Source) (*data.Set, error) {
			set := newSet(s.Name)
			set.Train.H, set.Train.W = 6, 24
			return set, nil
		},
		"data set noise: lenet5: size 6, want at least 12": func(s Source) (*data.Set, error) {
			set := newSet(s.Name)
			set.Train.H, set.Train.W, set.Train.C = 6, 6, 4
			return set, nil
		},
	} {
		if err := Execute(t.Context(), small(), dir, Options{Open: open}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if exists(dir) {
			t.Errorf("%s: a store was made", want)
		}
	}
}

// Twins are equal until training: the same numbers under the same names.
func TestTwinsStartEqual(t *testing.T) {
	set := newSet("noise")
	for _, a := range small().Architectures {
		var twins [2]nn.Layer
		for i, recipe := range []quant.Recipe{quant.Float, quant.B158} {
			model, _, err := a.Settings.Network.build(a.Name, recipe, set, 4)
			if err != nil {
				t.Fatal(err)
			}
			twins[i] = model
		}
		float, bit := nn.Parameters(twins[0]), nn.Parameters(twins[1])
		if len(float) != len(bit) {
			t.Fatalf("%s: %d and %d parameters", a.Name, len(float), len(bit))
		}
		for i := range float {
			if float[i].Name != bit[i].Name || !slices.Equal(float[i].Data, bit[i].Data) {
				t.Errorf("%s: %s and %s differ", a.Name, float[i].Name, bit[i].Name)
			}
		}
	}
}

func TestListeners(t *testing.T) {
	c := small()
	c.Architectures, c.Seeds = c.Architectures[:1], c.Seeds[:1]
	var events []string
	note := func(what string) func(task Task) {
		return func(task Task) {
			if task.Of != 2 {
				t.Errorf("%+v is one of %d runs", task, task.Of)
			}
			events = append(events, what+" "+task.Recipe)
		}
	}
	o := Options{Open: openNoise, OnStart: note("start")}
	o.OnStep = func(task Task, p train.Progress) { note("step")(task) }
	o.OnEpoch = func(task Task, p train.Progress) { note("epoch")(task) }
	o.OnDone = func(task Task, r train.Result) { note("done")(task) }
	if err := Execute(t.Context(), c, t.TempDir(), o); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, recipe := range []string{" float", " b158"} {
		epoch := append(slices.Repeat([]string{"step" + recipe}, 4), "epoch"+recipe)
		want = slices.Concat(want, []string{"start" + recipe}, epoch, epoch, []string{"done" + recipe})
	}
	if d := cmp.Diff(want, events); d != "" {
		t.Error(d)
	}
}

package train

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/quant"
)

// A fuse is a context that is canceled when it has been asked a number of
// times: so a test can cancel at every moment at which a run asks.
type fuse struct {
	context.Context
	left int
}

func (f *fuse) Err() error {
	if f.left--; f.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestInterruptedRunGoesOn(t *testing.T) {
	s := small()
	if testing.Short() {
		s.architecture = "feedforward"
	}
	want := s.mustRun(t)
	moments := 0
	for ; ; moments++ {
		s.config.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
		_, err := s.run(&fuse{t.Context(), moments})
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "of 3") {
			t.Fatalf("interrupted at moment %d: %v", moments, err)
		}
		expectEqual(t, "after one interruption", s.mustRun(t), want)
	}
	if least := 3 * (3 + 1); moments < least { // three steps and a validation in each of three epochs
		t.Errorf("only %d moments to interrupt at, want at least %d", moments, least)
	}
}

func TestRunInterruptedAgainAndAgain(t *testing.T) {
	s := small()
	want := s.mustRun(t)
	s.config.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	for {
		got, err := s.run(&fuse{t.Context(), 2}) // just the two batches of the test set
		if err == nil {
			expectEqual(t, "after many interruptions", got, want)
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// A process that is killed leaves the last checkpoint, whichever that is.
func TestKilledRunGoesOn(t *testing.T) {
	s := small()
	want := s.mustRun(t)
	s.config.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	s.config.CheckpointEvery = 1 // after every step
	var checkpoints [][]byte
	keep := func(Progress) {
		content, err := os.ReadFile(s.config.Checkpoint)
		if err == nil && (len(checkpoints) == 0 || !bytes.Equal(content, checkpoints[len(checkpoints)-1])) {
			checkpoints = append(checkpoints, content)
		}
	}
	s.config.OnStep, s.config.OnEpoch = keep, keep
	expectEqual(t, "with checkpoints", s.mustRun(t), want)
	keep(Progress{})
	s.config.OnStep, s.config.OnEpoch = nil, nil
	if len(checkpoints) != 9 { // after every step but the last of an epoch, and after every epoch
		t.Errorf("%d checkpoints", len(checkpoints))
	}
	for _, content := range checkpoints {
		if err := os.WriteFile(s.config.Checkpoint, content, 0o666); err != nil {
			t.Fatal(err)
		}
		expectEqual(t, "from a checkpoint", s.mustRun(t), want)
	}
}

func TestCheckpointOfAnotherRunIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "checkpoint")
	begun := small()
	begun.config.Checkpoint = file
	if _, err := begun.run(&fuse{t.Context(), 4}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*setup){
		"architecture":  func(s *setup) { s.architecture = "feedforward" },
		"recipe":        func(s *setup) { s.recipe = quant.B1 },
		"epochs":        func(s *setup) { s.config.Epochs++ },
		"batch size":    func(s *setup) { s.config.Batch++ },
		"learning rate": func(s *setup) { s.config.Optimizer.LR *= 2 },
		"seed":          func(s *setup) { s.config.Seed++ },
		"a pixel":       func(s *setup) { s.set.Train.Pixels[0]++ },
		"a label":       func(s *setup) { s.set.Test.Labels[3] ^= 1 },
	} {
		s := small()
		s.config.Checkpoint = file
		change(&s)
		if _, err := s.run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "checkpoint "+file+": is of another run") || strings.Contains(err.Error(), "\n") {
			t.Errorf("another %s: error %v", name, err)
		}
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the checkpoint was changed (%v)", err)
	}
}

func TestDamagedCheckpointIsRefused(t *testing.T) {
	s := small()
	s.config.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	if _, err := s.run(&fuse{t.Context(), 4}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.config.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty":                nil,
		"cut in the length":    whole[:4],
		"cut in the header":    whole[:100],
		"cut at the end":       whole[:len(whole)-1],
		"longer":               append(bytes.Clone(whole), 0),
		"another file":         []byte("this is a text and nothing else"),
		"a changed bit":        flipped(whole, len(whole)-3),
		"a changed position":   flipped(whole, bytes.Index(whole, []byte("loss_sum"))+13),
		"without its position": bytes.Replace(whole, []byte(`"position"`), []byte(`"Position"`), 1),
		"without a tensor":     bytes.Replace(whole, []byte(`"best.fc.bias"`), []byte(`"best.fc.Bias"`), 1),
	} {
		if err := os.WriteFile(s.config.Checkpoint, content, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := s.run(t.Context()); err == nil || !strings.Contains(err.Error(), s.config.Checkpoint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", name, err)
		}
		if after, err := os.ReadFile(s.config.Checkpoint); err != nil || !bytes.Equal(after, content) {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
}

func flipped(content []byte, at int) []byte {
	c := bytes.Clone(content)
	c[at] ^= 1
	return c
}

func TestUnwritableCheckpoint(t *testing.T) {
	s := small()
	s.config.Checkpoint = filepath.Join(t.TempDir(), "no such folder", "checkpoint")
	if _, err := s.run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "write "+s.config.Checkpoint+": ") {
		t.Errorf("error %v", err)
	}
}

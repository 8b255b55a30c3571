package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/AlarioAI/bitnet/internal/durable"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/safetensors"
)

// state is everything that a run's future depends on: what a checkpoint holds.
type state struct {
	position
	model []nn.Named // parameters and buffers, live
	best  [][]float32
	adam  *optim.AdamState
}

// position is the part of the state that is not tensors.
type position struct {
	Epoch   int     `json:"epoch"` // complete epochs
	Step    int     `json:"step"`  // steps done in the epoch under way
	Images  int     `json:"images"`
	LossSum float64 `json:"loss_sum"`
	Seconds float64 `json:"seconds"`
	Adam    int     `json:"adam_steps"`
	Epochs  []Epoch `json:"epochs"`
	Best    int     `json:"best"`
}

func newState(model nn.Layer, config optim.Adam) *state {
	parameters := nn.Parameters(model)
	s := &state{model: slices.Concat(parameters, nn.Buffers(model)), adam: config.Start(nn.Tensors(parameters))}
	for _, p := range s.model {
		s.best = append(s.best, make([]float32, len(p.Data)))
	}
	return s
}

// endEpoch books the epoch under way and keeps a copy of the weights if no
// epoch was better.
func (s *state) endEpoch(valLoss, valAccuracy float64, validating time.Duration) {
	s.Epochs = append(s.Epochs, Epoch{
		TrainLoss: s.LossSum / float64(s.Images), ValLoss: valLoss, ValAccuracy: valAccuracy,
		Seconds: s.Seconds + validating.Seconds(), ImagesPerSecond: float64(s.Images) / s.Seconds,
	})
	if s.Epoch == 0 || valLoss < s.Epochs[s.Best].ValLoss {
		s.Best = s.Epoch
		for i, p := range s.model {
			copy(s.best[i], p.Data)
		}
	}
	s.Epoch++
	s.Step, s.Images, s.LossSum, s.Seconds = 0, 0, 0, 0
}

func (s *state) restoreBest() {
	for i, p := range s.model {
		copy(p.Data, s.best[i])
	}
}

// tensors returns the state's arrays under their names in a checkpoint.
func (s *state) tensors() []safetensors.Tensor {
	var all []safetensors.Tensor
	for i, p := range s.model {
		shape := p.Shape.Dims()
		all = append(all,
			safetensors.Tensor{Name: "model." + p.Name, Shape: shape, Data: p.Data},
			safetensors.Tensor{Name: "best." + p.Name, Shape: shape, Data: s.best[i]})
		if i < len(s.adam.M) { // parameters come before buffers
			all = append(all,
				safetensors.Tensor{Name: "adam.m." + p.Name, Shape: shape, Data: s.adam.M[i]},
				safetensors.Tensor{Name: "adam.v." + p.Name, Shape: shape, Data: s.adam.V[i]})
		}
	}
	return all
}

func (r *run) save() error {
	r.saved = time.Now()
	if r.Checkpoint == "" {
		return nil
	}
	r.state.Adam = r.state.adam.Steps
	position, err := json.Marshal(r.state.position)
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", r.Checkpoint, err)
	}
	metadata := map[string]string{"run": r.identity, "position": string(position), "checksum": r.state.checksum(string(position))}
	return durable.WriteFile(r.Checkpoint, 0o666, func(w io.Writer) error {
		return safetensors.Write(w, r.state.tensors(), metadata)
	})
}

// resume takes the state from the checkpoint, if there is one.
func (r *run) resume() error {
	if r.Checkpoint == "" {
		return nil
	}
	f, err := safetensors.Open(r.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer f.Close()
	metadata := f.Metadata()
	if metadata["run"] != r.identity {
		return fmt.Errorf("checkpoint %s: is of another run (%s), want %s", r.Checkpoint, metadata["run"], r.identity)
	}
	var p position
	if err := json.Unmarshal([]byte(metadata["position"]), &p); err != nil {
		return fmt.Errorf("checkpoint %s: position: %w", r.Checkpoint, err)
	}
	for _, t := range r.state.tensors() {
		if err := f.ReadInto(t.Name, t.Data); err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
	}
	if sum := r.state.checksum(metadata["position"]); metadata["checksum"] != sum {
		return fmt.Errorf("checkpoint %s: checksum %s, want %s: the file is damaged; remove it to begin again", r.Checkpoint, metadata["checksum"], sum)
	}
	r.state.position = p
	r.state.adam.Steps = p.Adam
	return nil
}

// checksum covers what a checkpoint holds.
func (s *state) checksum(position string) string {
	sum := crc32.Checksum([]byte(position), castagnoli())
	for _, t := range s.tensors() {
		sum = update(sum, t.Data)
	}
	return fmt.Sprintf("%08x", sum)
}

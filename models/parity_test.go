package models

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/internal/parity"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// The golden files and what each was made of.
var golden = []struct{ file, architecture string }{
	{"feedforward", "feedforward"},
	{"lenet5_28", "lenet5"},
	{"lenet5_32", "lenet5"},
	{"lenet5_64", "lenet5"},
	{"lenet5_96", "lenet5"},
}

// Logits, three Adam losses, gradients and running statistics of every model
// under every recipe.
func TestModelParity(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, g := range golden {
		m := parity.ReadModel(t, g.file)
		for _, recipe := range quant.Recipes() {
			t.Run(g.file+"/"+recipe.String(), func(t *testing.T) {
				checkModel(t, workers, m, g.architecture, recipe)
			})
		}
	}
}

func checkModel(t *testing.T, workers *parallel.Pool, m *parity.Model, architecture string, recipe quant.Recipe) {
	o := Options{Classes: 10, Channels: m.InputShape[0], Size: m.InputShape[1]}
	model := nn.Swap(load(MustNew(architecture, o)), recipe)
	checkShapes(t, "parameter", nn.Parameters(model), m.Parameters)
	checkShapes(t, "buffer", nn.Buffers(model), m.Buffers)

	logits := model.Forward(nn.Eval(), parity.ChannelsLast(m.EvalInput()))
	m.CheckLogits(t, recipe.String(), logits.Data)

	parameters := nn.Parameters(model)
	adam := optim.Adam{LR: 1e-3}.Start(nn.Tensors(parameters))
	tape := autograd.NewTape(workers)
	ctx := &nn.Context{Tape: tape, Training: true}
	x := parity.ChannelsLast(m.Batch())
	var labels []int32
	for _, l := range parity.Labels() {
		labels = append(labels, int32(l))
	}
	var losses []float64
	gradients, buffers := map[string]parity.Digest{}, map[string]parity.Digest{}
	for step := range 3 {
		tape.Reset()
		loss := autograd.CrossEntropy(tape, model.Forward(ctx, x), labels)
		losses = append(losses, float64(loss.Data[0]))
		tape.Backward(loss)
		if step == 0 {
			for _, p := range parameters {
				gradients[p.Name] = digest(p.Name, p.Shape, p.Grad)
			}
			for _, b := range nn.Buffers(model) {
				buffers[b.Name] = digest(b.Name, b.Shape, b.Data)
			}
		}
		adam.Step(workers)
	}
	m.CheckLosses(t, recipe.String(), losses)
	m.CheckDigests(t, recipe.String(), gradients, buffers)
}

// load gives a model the deterministic weights of the golden files.
func load(model nn.Layer) nn.Layer {
	for _, p := range slices.Concat(nn.Parameters(model), nn.Buffers(model)) {
		copy(p.Data, parity.ChannelsLast(parity.Parameter(p.Name, firstShape(p.Shape)...)).Data)
	}
	return model
}

// firstShape returns a weight's shape in PyTorch's order.
func firstShape(s tensor.Shape) []int {
	if s.Rank() != 4 {
		return s.Dims()
	}
	return []int{s.Dim(0), s.Dim(3), s.Dim(1), s.Dim(2)}
}

func digest(name string, s tensor.Shape, values []float32) parity.Digest {
	return parity.DigestOf(name, parity.ChannelsFirst(&tensor.Tensor{Shape: s, Data: values}).Data)
}

func checkShapes(t *testing.T, what string, got []nn.Named, want map[string][]int) {
	t.Helper()
	missing := maps.Clone(want)
	for _, p := range got {
		if !slices.Equal(firstShape(p.Shape), want[p.Name]) {
			t.Errorf("%s %s has shape %v, want %v", what, p.Name, firstShape(p.Shape), want[p.Name])
		}
		delete(missing, p.Name)
	}
	for name := range missing {
		t.Errorf("%s %s is missing", what, name)
	}
}

func TestParameterCounts(t *testing.T) {
	for _, g := range golden {
		m := parity.ReadModel(t, g.file)
		for classes, want := range map[int]int{10: m.ParameterCount10, 1000: m.ParameterCount1000} {
			o := Options{Classes: classes, Channels: m.InputShape[0], Size: m.InputShape[1]}
			for _, recipe := range quant.Recipes() {
				if n := nn.CountParameters(nn.Swap(MustNew(g.architecture, o), recipe)); n != want {
					t.Errorf("%s with %d classes, %v: %d parameters, want %d", g.file, classes, recipe, n, want)
				}
			}
		}
	}
}

func TestUnknownArchitectureNamesTheNearOnes(t *testing.T) {
	for name, want := range map[string]string{
		"lenet":       `unknown architecture "lenet", did you mean lenet5?`,
		"feedfoward":  `unknown architecture "feedfoward", did you mean feedforward?`,
		"transformer": `unknown architecture "transformer", have feedforward, lenet5`,
	} {
		if _, err := New(name, Options{}); err == nil || err.Error() != want {
			t.Errorf("New(%q): %v, want %s", name, err, want)
		}
	}
	if _, err := New("lenet5", Options{Classes: 10, Channels: 1, Size: 11}); err == nil || !strings.Contains(err.Error(), "at least 12") {
		t.Errorf("lenet5 for 11 pixels: %v", err)
	}
}

package parity

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/tensor"
)

//go:embed testdata/layers.json testdata/models/*.json
var testdata embed.FS

// files returns the folder of golden files: the one that BITNET_PARITY_DIR
// names, else this package's own.
func files(t testing.TB) fs.FS {
	t.Helper()
	if dir := os.Getenv("BITNET_PARITY_DIR"); dir != "" {
		return os.DirFS(dir)
	}
	own, err := fs.Sub(testdata, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func read(t testing.TB, name string, into any) {
	t.Helper()
	data, err := fs.ReadFile(files(t), name)
	if err != nil {
		t.Fatalf("golden file: %v", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("golden file %s: %v", name, err)
	}
}

// An Array is a golden array in both precisions, row-major.
type Array struct {
	Shape    []int
	F64, F32 []float64
}

// A LayerCase is one layer, run once forward and once backward.
type LayerCase struct {
	Name       string
	Layer      string // linear or conv2d
	Recipe     string // float, alario, b158 or b1
	Args       Args
	InputShape []int

	Output, GradInput, GradWeight Array
	GradBias                      Array // of no length where Args.Bias is false

	salt string
}

// Input returns the layer's input.
func (c *LayerCase) Input() *tensor.Tensor {
	return Fill(c.salt+c.Name+".input", Sqrt3, 0, c.InputShape...)
}

// GradOutput returns the gradient that the backward pass starts from.
func (c *LayerCase) GradOutput() *tensor.Tensor {
	return Fill(c.salt+c.Name+".grad", 1, 0, c.Output.Shape...)
}

// Weight returns the layer's weights.
func (c *LayerCase) Weight() *tensor.Tensor {
	return Parameter(c.salt+c.Name+".weight", c.GradWeight.Shape...)
}

// Bias returns the layer's bias. It panics where Args.Bias is false.
func (c *LayerCase) Bias() *tensor.Tensor {
	if !c.Args.Bias {
		panic("parity: " + c.Name + " has no bias")
	}
	return Parameter(c.salt+c.Name+".bias", c.Args.Out)
}

// Args are the arguments that the layer is made with, PyTorch's defaults
// filled in. The geometry of a linear layer is zero. Pairs are (height, width).
type Args struct {
	In, Out                           int // features of a linear layer, channels of a convolution
	Kernel, Stride, Padding, Dilation [2]int
	Groups                            int
	Bias                              bool
}

// UnmarshalJSON reads the keyword arguments of nn.Linear or nn.Conv2d.
func (a *Args) UnmarshalJSON(data []byte) error {
	file := struct {
		InFeatures  int  `json:"in_features"`
		OutFeatures int  `json:"out_features"`
		InChannels  int  `json:"in_channels"`
		OutChannels int  `json:"out_channels"`
		Kernel      pair `json:"kernel_size"`
		Stride      pair `json:"stride"`
		Padding     pair `json:"padding"`
		Dilation    pair `json:"dilation"`
		Groups      int  `json:"groups"`
		Bias        bool `json:"bias"`
	}{Stride: pair{1, 1}, Dilation: pair{1, 1}, Groups: 1, Bias: true}
	if err := json.Unmarshal(data, &file); err != nil {
		return err
	}
	if file.InFeatures > 0 {
		*a = Args{In: file.InFeatures, Out: file.OutFeatures, Bias: file.Bias}
		return nil
	}
	*a = Args{
		In: file.InChannels, Out: file.OutChannels,
		Kernel: file.Kernel, Stride: file.Stride, Padding: file.Padding, Dilation: file.Dilation,
		Groups: file.Groups, Bias: file.Bias,
	}
	return nil
}

// A pair is PyTorch's (height, width); one number stands for both.
type pair [2]int

func (p *pair) UnmarshalJSON(data []byte) error {
	var both int
	if json.Unmarshal(data, &both) == nil {
		*p = pair{both, both}
		return nil
	}
	return json.Unmarshal(data, (*[2]int)(p))
}

// Layers returns the layer cases.
func Layers(t testing.TB) []LayerCase {
	t.Helper()
	type arrays map[string]struct {
		Shape []int
		Data  []float64
	}
	var file struct {
		Salt  string
		Cases []struct {
			Name, Layer, Recipe string
			Input               []int
			Args                Args
			F64, F32            arrays
		}
	}
	read(t, "layers.json", &file)
	cases := make([]LayerCase, len(file.Cases))
	for i, c := range file.Cases {
		array := func(name string) Array {
			return Array{Shape: c.F64[name].Shape, F64: c.F64[name].Data, F32: c.F32[name].Data}
		}
		cases[i] = LayerCase{
			Name: c.Name, Layer: c.Layer, Recipe: c.Recipe, Args: c.Args, InputShape: c.Input,
			Output: array("output"), GradInput: array("grad_input"),
			GradWeight: array("grad_weight"), GradBias: array("grad_bias"),
			salt: file.Salt,
		}
	}
	return cases
}

// A Model is one architecture of ten classes and what it computed under every
// recipe. Parameters and Buffers map the names of its state dict to shapes.
type Model struct {
	Name               string           `json:"-"`
	InputShape         []int            `json:"input"` // channels, height, width
	Parameters         map[string][]int `json:"parameters"`
	Buffers            map[string][]int `json:"buffers"`
	ParameterCount10   int              `json:"parameter_count_10"`   // with 10 classes
	ParameterCount1000 int              `json:"parameter_count_1000"` // with 1000 classes
	Recipes            map[string]Run   `json:"recipes"`
	Salt               string           `json:"salt"`
}

// A Run is what a model computed, in both precisions.
type Run struct{ F64, F32 Figures }

// Figures are the golden figures of a model under one recipe: the logits of
// EvalInput in evaluation mode, then three Adam steps (learning rate 1e-3,
// PyTorch's defaults, mean cross entropy) on Batch with Labels.
type Figures struct {
	EvalLogits [][]float64       `json:"eval_logits"`
	AdamLosses []float64         `json:"adam_losses"` // before each step
	Gradients  map[string]Digest `json:"gradients"`   // of the first step
	Buffers    map[string]Digest `json:"buffers"`     // after the first forward pass
}

// Labels returns the classes of the four images of a model's Batch.
func Labels() []int { return []int{3, 7, 0, 9} }

// EvalInput returns the two images of the evaluation.
func (m *Model) EvalInput() *tensor.Tensor { return m.images("input", 2) }

// Batch returns the four images of the training batch.
func (m *Model) Batch() *tensor.Tensor { return m.images("batch", len(Labels())) }

func (m *Model) images(name string, n int) *tensor.Tensor {
	return Fill(m.Salt+name, Sqrt3, 0, append([]int{n}, m.InputShape...)...)
}

// Models returns the names of the golden files of architectures that there are.
func Models(t testing.TB) []string {
	t.Helper()
	found, err := fs.Glob(files(t), "models/*.json")
	if err != nil || len(found) == 0 {
		t.Fatalf("golden files of models: found %q, %v", found, err)
	}
	for i, file := range found {
		found[i] = strings.TrimSuffix(path.Base(file), ".json")
	}
	return found
}

// ReadModel returns the golden figures of one architecture, such as lenet5_28.
func ReadModel(t testing.TB, name string) *Model {
	t.Helper()
	m := &Model{Name: name}
	read(t, path.Join("models", name+".json"), m)
	return m
}

// run returns the golden figures of one recipe.
func (m *Model) run(recipe string) (Run, error) {
	run, ok := m.Recipes[recipe]
	if !ok {
		return Run{}, fmt.Errorf("golden file of %s has no recipe %q", m.Name, recipe)
	}
	return run, nil
}

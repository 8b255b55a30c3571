package nn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

type network struct {
	Layer1 Sequence
	Block  *block
	FC     Layer
	Drop   Dropout
}

type block struct {
	Conv1, Conv2 Layer
	BN           *BatchNorm2d
	hidden       *Linear // not exported: not part of the state
}

func (n *network) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	x = n.Layer1.Forward(ctx, x)
	x = n.Block.BN.Forward(ctx, n.Block.Conv2.Forward(ctx, n.Block.Conv1.Forward(ctx, x)))
	return n.FC.Forward(ctx, Flatten{}.Forward(ctx, x))
}

func newNetwork() *network {
	rng := Init(tensor.NewStream(1, "test"))
	return &network{
		Layer1: Sequence{NewConv2d(3, 4, Kernel(3), Pad(1), NoBias(), rng), NewBatchNorm2d(4), ReLU{}, NewMaxPool2d(Kernel(2))},
		Block: &block{
			Conv1:  NewConv2d(4, 8, Kernel(3), Groups(4), Dilation(2), Pad(2), rng),
			Conv2:  NewConv2d(8, 4, Stride(2), rng),
			BN:     NewBatchNorm2d(4),
			hidden: NewLinear(1, 1),
		},
		FC: NewLinear(4*2*2, 5, rng),
	}
}

func names(all []Named) string {
	var s []string
	for _, n := range all {
		s = append(s, n.Name)
	}
	return strings.Join(s, " ")
}

func TestStateNames(t *testing.T) {
	n := newNetwork()
	parameters := "layer1.0.weight layer1.1.weight layer1.1.bias " +
		"block.conv1.weight block.conv1.bias block.conv2.weight block.conv2.bias block.bn.weight block.bn.bias fc.weight fc.bias"
	buffers := "layer1.1.running_mean layer1.1.running_var block.bn.running_mean block.bn.running_var"
	for _, recipe := range quant.Recipes() {
		twin := Swap(Clone(n), recipe)
		if got := names(Parameters(twin)); got != parameters {
			t.Errorf("%v: parameters\n%s, want\n%s", recipe, got, parameters)
		}
		if got := names(Buffers(twin)); got != buffers {
			t.Errorf("%v: buffers\n%s, want\n%s", recipe, got, buffers)
		}
	}
}

func TestSwapKeepsWeightsAndGeometry(t *testing.T) {
	n := newNetwork()
	for _, recipe := range []quant.Recipe{quant.Alario, quant.B158, quant.B1} {
		twin := Swap(Clone(n), recipe)
		conv, ok := twin.Block.Conv1.(*BitConv2d)
		if !ok {
			t.Fatalf("%v: conv1 is a %T", recipe, twin.Block.Conv1)
		}
		if conv.Recipe != recipe || conv.Geometry != n.Block.Conv1.(*Conv2d).Geometry {
			t.Errorf("%v: conv1 is %v with %+v", recipe, conv.Recipe, conv.Geometry)
		}
		for i, p := range Parameters(twin) {
			if diff := cmp.Diff(Parameters(n)[i].Data, p.Data); diff != "" {
				t.Errorf("%v: %s changed: %s", recipe, p.Name, diff)
			}
		}
		if CountParameters(twin) != CountParameters(n) {
			t.Errorf("%v: %d parameters, want %d", recipe, CountParameters(twin), CountParameters(n))
		}
	}
}

func TestKeep(t *testing.T) {
	for _, c := range []struct {
		keep  []string
		swaps string
	}{
		{nil, "layer1.0 block.conv1 block.conv2 fc"},
		{[]string{"layer1.0"}, "block.conv1 block.conv2 fc"},
		{[]string{"first", "last"}, "block.conv1 block.conv2"},
		{[]string{"block.*"}, "layer1.0 fc"},
		{[]string{"*"}, ""},
	} {
		twin := Swap(newNetwork(), quant.B158, Keep(c.keep...))
		floats := SwappableNames(twin)
		var swapped []string
		for _, name := range SwappableNames(newNetwork()) {
			if !contains(floats, name) {
				swapped = append(swapped, name)
			}
		}
		if got := strings.Join(swapped, " "); got != c.swaps {
			t.Errorf("keep %q: swapped %q, want %q", c.keep, got, c.swaps)
		}
	}
	if err := CheckKeep(newNetwork(), "conv9"); err == nil || !strings.Contains(err.Error(), `"conv9"`) {
		t.Errorf("keep conv9: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Swap accepted a layer that does not exist")
		}
	}()
	Swap(newNetwork(), quant.B158, Keep("conv9"))
}

func contains(all []string, s string) bool {
	for _, v := range all {
		if v == s {
			return true
		}
	}
	return false
}

func TestCloneSharesNothing(t *testing.T) {
	n := newNetwork()
	c := Clone(n)
	if Describe(c) != Describe(n) {
		t.Errorf("a clone is\n%s, want\n%s", Describe(c), Describe(n))
	}
	for _, p := range append(Parameters(n), Buffers(n)...) {
		for i := range p.Data {
			p.Data[i] = -77
		}
	}
	for _, p := range append(Parameters(c), Buffers(c)...) {
		if p.Data[0] == -77 {
			t.Errorf("%s is shared", p.Name)
		}
	}
	x := tensor.New(1, 6, 6, 3)
	c.Forward(Eval(), x)
	if y := Swap(Layer(NewLinear(2, 3)), quant.B1); strings.HasPrefix(Describe(y), " *nn.Linear") {
		t.Errorf("a lone layer was not swapped: %s", Describe(y))
	}
}

func TestDescribeTellsTwinsApart(t *testing.T) {
	seen := map[string]quant.Recipe{}
	for _, recipe := range quant.Recipes() {
		d := Describe(Swap(newNetwork(), recipe))
		if other, ok := seen[d]; ok {
			t.Errorf("%v and %v have the same description\n%s", recipe, other, d)
		}
		seen[d] = recipe
	}
}

// Weights and biases are uniform in +-1/sqrt(fan in), as PyTorch's are.
func TestInitialWeights(t *testing.T) {
	for _, c := range []struct {
		name  string
		t     *tensor.Tensor
		bound float64
	}{
		{"linear weight", NewLinear(400, 300).Weight, 0.05},
		{"linear bias", NewLinear(400, 30000).Bias, 0.05},
		{"conv weight", NewConv2d(16, 900, Kernel(5), Groups(4)).Weight, 0.1},
	} {
		sum, squares, largest := 0.0, 0.0, 0.0
		for _, v := range c.t.Data {
			sum += float64(v)
			squares += float64(v) * float64(v)
			largest = max(largest, float64(v), -float64(v))
		}
		n := float64(len(c.t.Data))
		variance := c.bound * c.bound / 3
		if mean := sum / n; mean*mean > 25*variance/n { // five standard errors
			t.Errorf("%s: mean %g", c.name, mean)
		}
		if got := squares / n; got < 0.97*variance || got > 1.03*variance {
			t.Errorf("%s: variance %g, want %g", c.name, got, variance)
		}
		if largest > c.bound || largest < 0.999*c.bound {
			t.Errorf("%s: largest %g, want just below %g", c.name, largest, c.bound)
		}
	}
}

package weights

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

// Options say how Load may depart from a strict match.
type Options struct {
	// FreshHead lets the classifier be for another number of classes than the
	// file's: it keeps the weights that it has. This is how a network is
	// fine-tuned.
	FreshHead bool
}

// A Transformer is a network that embeds positions. Its method returns the names
// of these embeddings, (1, 1+S*S, D) for S by S patches behind the token of the
// class, which Load interpolates where a file is for another size of image.
type Transformer interface{ PositionEmbeddings() []string }

// A Classifier is a network whose logits come from other layers than its last
// one alone. Its method returns their names.
type Classifier interface{ Heads() []string }

// Load sets all parameters and buffers of a network to those in a file. Every
// tensor of the network must be in the file and the other way round, each in
// the same shape; but num_batches_tracked, which PyTorch counts in a batch norm
// and nothing here needs, is passed over, and embeddings of positions for
// another size of image are interpolated.
//
// If the two do not match, the error is a *Mismatch and the network is as it
// was. The warnings are of values that are not finite, a line for each tensor
// that has some.
func Load(model nn.Layer, f File, name string, o Options) (warnings []string, err error) {
	state := nn.State(model)
	plan, err := match(model, state, f, name, o)
	if err != nil {
		return nil, err
	}
	for _, p := range plan {
		t := tensor.New(p.shape...)
		if err := f.ReadInto(p.to.Name, t.Data); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(t.Data, notFinite); i >= 0 {
			warnings = append(warnings, fmt.Sprintf("%s: tensor %s: element %d is %g", name, p.to.Name, i, t.Data[i]))
		}
		if p.interpolate {
			t = interpolatePositions(t, p.to.Shape.Dim(1))
		}
		copy(p.to.Data, tensor.ChannelsLast(t).Data)
	}
	return warnings, nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }

// A transfer is one tensor to be read.
type transfer struct {
	to          nn.Named
	shape       []int // in the file
	interpolate bool
}

// match pairs the tensors of a network with those of a file.
func match(model nn.Layer, state []nn.Named, f File, name string, o Options) ([]transfer, error) {
	var plan []transfer
	m := Mismatch{File: name}
	known := map[string]bool{}
	heads, positions := headsOf(model), positionsOf(model)
	for _, s := range state {
		known[s.Name] = true
		shape, ok := f.Shape(s.Name)
		want := s.Shape.ChannelsFirst().Dims()
		switch {
		case !ok:
			m.Missing = append(m.Missing, s.Name)
		case slices.Equal(shape, want):
			plan = append(plan, transfer{s, shape, false})
		case slices.Contains(positions, s.Name) && canInterpolate(shape, want):
			plan = append(plan, transfer{s, shape, true})
		case o.FreshHead && slices.Contains(heads, nn.Holder(s.Name)) && len(shape) == len(want) && slices.Equal(shape[1:], want[1:]):
			// keeps its initial weights
		default:
			m.Misshapen = append(m.Misshapen, Misshape{s.Name, shape, want})
		}
	}
	for _, n := range f.Names() {
		if !known[n] && !counts(n, known) {
			m.Unexpected = append(m.Unexpected, n)
		}
	}
	if len(m.Missing)+len(m.Unexpected)+len(m.Misshapen) > 0 {
		return nil, &m
	}
	return plan, nil
}

// counts tells the number of batches that a batch norm has seen.
func counts[T any](name string, known map[string]T) bool {
	h, ok := strings.CutSuffix(name, ".num_batches_tracked")
	if ok {
		_, ok = known[h+".running_mean"]
	}
	return ok
}

// headsOf returns the names of the layers that give the logits.
func headsOf(model nn.Layer) []string {
	if c, ok := model.(Classifier); ok {
		return c.Heads()
	}
	layers := nn.SwappableNames(model)
	return layers[max(0, len(layers)-1):]
}

func positionsOf(model nn.Layer) []string {
	if t, ok := model.(Transformer); ok {
		return t.PositionEmbeddings()
	}
	return nil
}

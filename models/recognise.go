package models

import (
	"maps"
	"math"
	"slices"

	"github.com/AlarioAI/bitnet/nn"
)

// Recognise returns the architecture whose state has exactly these names and
// shapes, in PyTorch's layout, and the options for which it does.
func Recognise(shapes map[string][]int) (Entry, Options, bool) {
	for _, e := range All() {
		o, ok := e.infer(shapes)
		if !ok {
			continue
		}
		if model, err := Blank(e.Name, o); err == nil && maps.EqualFunc(StateShapes(model), shapes, slices.Equal) {
			return e, o, true
		}
	}
	return Entry{}, Options{}, false
}

// StateShapes returns the shapes of all parameters and buffers in PyTorch's
// layout, by their names.
func StateShapes(model nn.Layer) map[string][]int {
	shapes := map[string][]int{}
	for _, s := range nn.State(model) {
		shapes[s.Name] = s.Shape.ChannelsFirst().Dims()
	}
	return shapes
}

// infer guesses from the shapes of a state what this architecture would have
// been built for. It returns false if that state is surely another's.
func (e Entry) infer(shapes map[string][]int) (Options, bool) {
	o := e.Default
	get := func(name string, rank int) []int {
		if s := shapes[name]; len(s) == rank {
			return s
		}
		return nil
	}
	s := e.signs
	head, first := get(s.head, 2), shapes[s.first]
	if head == nil || len(first) < 2 {
		return o, false
	}
	o.Classes = head[0]
	if s.infer != nil {
		s.infer(&o, first, shapes)
	} else {
		o.Channels = first[1]
	}
	return o, true
}

// signs are the state names by which an architecture is recognised.
type signs struct {
	head  string // weight of the classifier: (classes, K)
	first string // weight of the first layer: (O, channels, KH, KW)

	// infer, unless nil, sets the options that first and the other shapes tell,
	// instead of the channels.
	infer func(o *Options, first []int, shapes map[string][]int)
}

// squareRoot returns the side of a square of n.
func squareRoot(n int) int { return int(math.Round(math.Sqrt(float64(max(0, n))))) }

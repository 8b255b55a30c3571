// Package models holds the architectures, one family a file, and finds them by
// name.
package models

import (
	"fmt"

	"github.com/AlarioAI/bitnet/internal/near"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

// Options say what a network is built for.
type Options struct {
	Classes  int    // outputs
	Channels int    // of the input images
	Size     int    // rows and columns of the input images, in pixels
	Seed     uint64 // of the initial weights
}

// An Entry describes one architecture.
type Entry struct {
	Name    string
	About   string // one line: what it is and where it comes from
	Default Options
	build   func(Options, *tensor.Stream) (nn.Layer, error)
}

// All returns the known architectures in the order of their names.
func All() []Entry {
	return []Entry{feedforwardEntry, lenet5Entry}
}

// New builds the float network of the given name, with initial weights drawn
// from the seed as PyTorch draws them. It returns an error if there is no such
// architecture or if it does not exist for these options.
func New(name string, o Options) (nn.Layer, error) {
	entry, err := Find(name)
	if err != nil {
		return nil, err
	}
	if o.Classes < 1 || o.Channels < 1 || o.Size < 1 {
		return nil, fmt.Errorf("%s: classes %d, channels %d, size %d, want all positive", name, o.Classes, o.Channels, o.Size)
	}
	model, err := entry.build(o, tensor.NewStream(o.Seed, "init"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return model, nil
}

// MustNew is New for options known to be good; it panics where New fails.
func MustNew(name string, o Options) nn.Layer {
	model, err := New(name, o)
	if err != nil {
		panic("models.MustNew: " + err.Error())
	}
	return model
}

// Find returns the entry of the given name.
func Find(name string) (Entry, error) {
	var names []string
	for _, e := range All() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Entry{}, fmt.Errorf("unknown architecture %q%s", name, near.Hint(name, names))
}

// Package models holds the architectures, one family a file, and finds them by
// name.
//
// A network is a plain struct: the names of its fields are those of PyTorch's
// state dict, so that weights travel in both directions.
package models

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/AlarioAI/bitnet/internal/near"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

// Options say what a network is built for. Those that not every architecture
// has are an error where it has none; their zero values stand for what the
// architecture's authors chose.
type Options struct {
	Classes  int    `json:"classes"`  // outputs
	Channels int    `json:"channels"` // of the input images
	Size     int    `json:"size"`     // rows and columns of the input images, in pixels
	Seed     uint64 `json:"-"`        // of the initial weights

	Stem     string  `json:"stem,omitempty"`     // StemCIFAR, or empty for the paper's
	Width    float64 `json:"width,omitempty"`    // factor of the numbers of channels
	Dropout  Rate    `json:"dropout,omitzero"`   // probability in front of the classifier
	DropPath Rate    `json:"drop_path,omitzero"` // stochastic depth's probability at the last block
}

// A Rate is a probability that may be left to the architecture: the zero Rate.
type Rate struct {
	Set bool
	P   float64 // in [0, 1)
}

// At returns the rate p, which may be zero.
func At(p float64) Rate { return Rate{true, p} }

// or returns the probability that was asked for, or else the given one.
func (r Rate) or(otherwise float64) float64 {
	if r.Set {
		return r.P
	}
	return otherwise
}

// MarshalJSON writes the probability. A zero Rate is to be omitted.
func (r Rate) MarshalJSON() ([]byte, error) { return json.Marshal(r.P) }

// UnmarshalJSON reads a probability.
func (r *Rate) UnmarshalJSON(text []byte) error {
	r.Set = true
	return json.Unmarshal(text, &r.P)
}

// StemCIFAR is the beginning of a residual network for small images: a 3x3
// convolution of stride 1 and no max pooling (He et al., arXiv 1512.03385,
// section 4.2).
const StemCIFAR = "cifar"

// A feature is an option that not every architecture has.
type feature string

const (
	hasStem     feature = "stem"
	hasWidth    feature = "width"
	hasDropout  feature = "dropout"
	hasDropPath feature = "drop_path"
)

// given returns the features that the options ask for.
func (o Options) given() []feature {
	var all []feature
	for _, f := range []struct {
		feature
		given bool
	}{{hasStem, o.Stem != ""}, {hasWidth, o.Width != 0}, {hasDropout, o.Dropout.Set}, {hasDropPath, o.DropPath.Set}} {
		if f.given {
			all = append(all, f.feature)
		}
	}
	return all
}

// check returns an error for options that no network has.
func (o Options) check() error {
	if o.Classes < 1 || o.Channels < 1 || o.Size < 1 {
		return fmt.Errorf("classes %d, channels %d, size %d, want all positive", o.Classes, o.Channels, o.Size)
	}
	if o.Stem != "" && o.Stem != StemCIFAR {
		return fmt.Errorf("stem %q, want %s", o.Stem, StemCIFAR)
	}
	if o.Width != 0 && !(o.Width > 0 && o.Width <= 16) {
		return fmt.Errorf("width %g, want more than 0 and at most 16", o.Width)
	}
	for _, r := range []struct {
		feature
		Rate
	}{{hasDropout, o.Dropout}, {hasDropPath, o.DropPath}} {
		if !(r.P >= 0 && r.P < 1) {
			return fmt.Errorf("%s %g, want at least 0 and less than 1", r.feature, r.P)
		}
	}
	return nil
}

// An Entry describes one architecture.
type Entry struct {
	Name    string
	Origin  string // the name of its PyTorch definition, by which Find knows it too; empty if it has none
	About   string // one line: what it is and where it comes from
	Default Options

	features []feature
	signs    signs
	build    func(Options, *tensor.Stream) (nn.Layer, error)
}

// All returns the known architectures, a family together.
func All() []Entry {
	return slices.Concat(
		[]Entry{feedforwardEntry, lenet5Entry},
		resNetEntries(), []Entry{seResNetEntry()}, convNeXtEntries(), efficientNetEntries(), []Entry{mobileNetV2Entry()},
		mobileNetV3Entries(), visionTransformerEntries(), []Entry{crossViTEntry()})
}

// imageNet are the default options of networks made for it.
func imageNet() Options { return Options{Classes: 1000, Channels: 3, Size: 224} }

// New builds the float network of the given name, with initial weights drawn
// from the seed as its PyTorch definition draws them. It returns an error if
// there is no such architecture or if it does not exist for these options.
func New(name string, o Options) (nn.Layer, error) {
	return build(name, o, tensor.NewStream(o.Seed, "init"))
}

// Blank is New with zeros for all weights: for networks whose weights are about
// to be loaded, or whose shapes are all that is asked.
func Blank(name string, o Options) (nn.Layer, error) { return build(name, o, nil) }

func build(name string, o Options, rng *tensor.Stream) (nn.Layer, error) {
	entry, err := Find(name)
	if err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", entry.Name, err)
	}
	for _, f := range o.given() {
		if !slices.Contains(entry.features, f) {
			return nil, fmt.Errorf("%s: has no option %s", entry.Name, f)
		}
	}
	model, err := entry.build(o, rng)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entry.Name, err)
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

// Find returns the entry of the given name, which may be the PyTorch
// definition's, such as torchvision.models.resnet18.
func Find(name string) (Entry, error) {
	var names []string
	for _, e := range All() {
		if e.Name == name || e.Origin == name && name != "" {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Entry{}, fmt.Errorf("unknown architecture %q%s", name, near.Hint(name[strings.LastIndexByte(name, '.')+1:], names))
}

// divisible returns an error unless size is a multiple of the patch size.
func divisible(size, patch int) error {
	if size%patch != 0 {
		return fmt.Errorf("size %d, want a multiple of %d, the size of a patch", size, patch)
	}
	return nil
}

// atLeast returns an error unless size has so many pixels.
func atLeast(size, least int) error {
	if size < least {
		return fmt.Errorf("size %d, want at least %d", size, least)
	}
	return nil
}

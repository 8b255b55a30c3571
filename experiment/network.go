package experiment

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/weights"
)

// A Network says in what a run's network departs from its architecture's
// default for the images of the data set. Its zero value stands for in nothing.
type Network struct {
	Size     int `json:"size,omitempty"`     // pixels that rows and columns of the images are resized to
	Channels int `json:"channels,omitempty"` // 3: grey images become colour images

	Stem     string      `json:"stem,omitempty"` // these are as in models.Options
	Width    float64     `json:"width,omitempty"`
	Dropout  models.Rate `json:"dropout,omitzero"`
	DropPath models.Rate `json:"drop_path,omitzero"`

	Keep string `json:"keep,omitempty"` // layers that every BitNet leaves in float, as for nn.Keep, with commas between

	// Weights is a file of weights that both twins start from; WeightsSum, its
	// checksum, stands for it in the store. FreshHead is as in weights.Options.
	Weights    string `json:"-"`
	WeightsSum string `json:"weights_sum,omitempty"`
	FreshHead  bool   `json:"fresh_head,omitempty"`
}

// Departures lists in words in what the settings depart from an architecture and
// a data set as they are.
func (s Settings) Departures() []string {
	n := s.Network
	var all []string
	add := func(given bool, format string, args ...any) {
		if given {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	add(n.Size > 0, "images of %d pixels", n.Size)
	add(n.Channels > 0, "%d channels", n.Channels)
	add(s.Crop > 0, "random crop by %d", s.Crop)
	add(s.Flip, "random flip")
	add(n.Stem != "", "stem %s", n.Stem)
	add(n.Width != 0, "width %g", n.Width)
	add(n.Dropout.Set, "dropout %g", n.Dropout.P)
	add(n.DropPath.Set, "drop path %g", n.DropPath.P)
	add(n.Keep != "", "in float: %s", strings.ReplaceAll(n.Keep, ",", " "))
	add(n.WeightsSum != "", "from weights %s", n.WeightsSum)
	add(n.FreshHead, "new head")
	return all
}

// options returns what the network is built for.
func (n *Network) options(set *data.Set, seed uint64) models.Options {
	o := models.Options{
		Classes: set.Classes, Channels: set.Train.C, Size: set.Train.H, Seed: seed,
		Stem: n.Stem, Width: n.Width, Dropout: n.Dropout, DropPath: n.DropPath,
	}
	if n.Size > 0 {
		o.Size = n.Size
	}
	if n.Channels > 0 {
		o.Channels = n.Channels
	}
	return o
}

// keep returns the layers left in float.
func (n *Network) keep() []string {
	if n.Keep == "" {
		return nil
	}
	return strings.Split(n.Keep, ",")
}

// check returns an error if there is no such network for the data set.
func (n *Network) check(architecture string, set *data.Set) error {
	o := n.options(set, 0)
	if err := set.Train.CheckFit(o.Size, o.Channels); err != nil {
		return fmt.Errorf("%s: %w", architecture, err)
	}
	model, err := models.Blank(architecture, o)
	if err != nil {
		return err
	}
	if err := nn.CheckKeep(model, n.keep()...); err != nil {
		return fmt.Errorf("%s: %w", architecture, err)
	}
	if n.Weights != "" {
		if _, err := n.load(model); err != nil {
			return fmt.Errorf("%s: %w", architecture, err)
		}
	}
	return nil
}

// build returns the network of a run. The twins of one seed start from the same
// weights. The warnings are those of weights.Load.
func (n *Network) build(architecture string, recipe quant.Recipe, set *data.Set, seed uint64) (model nn.Layer, warnings []string, err error) {
	if model, err = models.New(architecture, n.options(set, seed)); err != nil {
		return nil, nil, err
	}
	if n.Weights != "" {
		if warnings, err = n.load(model); err != nil {
			return nil, nil, err
		}
	}
	return nn.Swap(model, recipe, nn.Keep(n.keep()...)), warnings, nil
}

func (n *Network) load(model nn.Layer) (warnings []string, err error) {
	f, err := weights.Open(n.Weights)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return weights.Load(model, f, n.Weights, weights.Options{FreshHead: n.FreshHead})
}

// sumWeights enters the checksum of the file of weights.
func (n *Network) sumWeights() error {
	if n.Weights == "" {
		return nil
	}
	f, err := os.Open(n.Weights)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Weights, cause(err))
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("%s: %w", n.Weights, cause(err))
	}
	n.WeightsSum = fmt.Sprintf("%x", h.Sum(nil)[:8])
	return nil
}

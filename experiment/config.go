package experiment

import (
	"github.com/AlarioAI/bitnet/quant"
)

// A Config describes an experiment: every recipe under every seed for every
// architecture on every data set. No list is empty and none names a thing
// twice.
type Config struct {
	Data          []Source
	Architectures []Architecture
	Recipes       []quant.Recipe
	Seeds         []uint64
}

// A Source says where a data set comes from.
type Source struct {
	Name   string // as in a Key
	Folder string // see data.OpenFolder; empty for a set that the program carries
}

// An Architecture is a network that package models knows, and how to train it.
type Architecture struct {
	Name     string
	Settings Settings
}

// A Run is one run of an experiment, whether it has been done or not.
type Run struct {
	Key
	Settings Settings
}

// Runs lists the runs of the experiment. Twins stand together: first come the
// recipes under one seed, then the other seeds, architectures and data sets.
func (c *Config) Runs() []Run {
	var all []Run
	for _, d := range c.Data {
		for _, a := range c.Architectures {
			for _, seed := range c.Seeds {
				for _, recipe := range c.Recipes {
					all = append(all, Run{Key{d.Name, a.Name, recipe.String(), seed}, a.Settings})
				}
			}
		}
	}
	return all
}

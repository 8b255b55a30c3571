package cli

import (
	"path/filepath"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/experiments"
)

type reproduceCommand struct {
	Config string `arg:"" optional:"" help:"Configuration in YAML (default: both twins of two networks on the built-in MNIST, recipe b158, three seeds)."`
	storeFlags
}

// Help is shown below the flags.
func (reproduceCommand) Help() string {
	return `Does what bitnet run and then bitnet paper do: trains both twins and writes the paper about them, into the folder paper of the store. It can be interrupted at any time and goes on where it was.

Example:

    bitnet reproduce --data /usr/share/datasets/fashion-mnist --out fashion`
}

func (c reproduceCommand) Run(t *terminal) error {
	config, name, err := c.config()
	if err != nil {
		return err
	}
	if err := c.execute(t, config, name); err != nil {
		return err
	}
	if err := printTable(t, c.Out); err != nil {
		return err
	}
	return writePaper(t, c.Out, filepath.Join(c.Out, "paper"), paperFlags{})
}

func (c reproduceCommand) config() (config *experiment.Config, name string, err error) {
	if c.Config != "" {
		config, err = experiment.ReadFile(c.Config)
		return config, c.Config, err
	}
	name = "the built-in configuration"
	config, err = experiment.Parse(experiments.MNIST, name)
	return config, name, err
}

package cli

import (
	"fmt"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/paper"
)

type runCommand struct {
	Config string `arg:"" help:"Configuration in YAML."`
	storeFlags
}

// Help is shown below the flags.
func (runCommand) Help() string {
	return `Does the runs of the experiment that the store has no result of. Runs that were interrupted, even by a crash, go on where they were. At the end the results of all runs in the store are printed as a table in Markdown; they are also in the store's experiment_results.json.

A configuration:

    data: [mnist, ../fashion-mnist]  # a folder has a / in it and starts here
    recipes: [float, b158]           # of float, alario, b158, b1
    seeds: 3                         # how many, or a list
    defaults: {epochs: 5, batch_size: 256, learning_rate: 0.001}
    architectures:
      lenet5: {}
      feedforward: {epochs: 10}      # instead of the default

Example:

    bitnet run experiments/mnist.yaml --jobs 2`
}

func (c runCommand) Run(t *terminal) error {
	config, err := experiment.ReadFile(c.Config)
	if err != nil {
		return err
	}
	if err := c.execute(t, config, c.Config); err != nil {
		return err
	}
	return printTable(t, c.Out)
}

// printTable prints the results in a store.
func printTable(t *terminal, store string) error {
	records, _, err := experiment.Read(store)
	if err != nil {
		return err
	}
	table, err := paper.Markdown(records)
	if err != nil {
		return fmt.Errorf("%s: %w", store, err)
	}
	_, err = fmt.Fprint(t.stdout, table)
	return err
}

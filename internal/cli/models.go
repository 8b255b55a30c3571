package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
)

type modelsCommand struct{}

// Help is shown below the flags.
func (modelsCommand) Help() string {
	return `Twins have the same number of parameters, which is given for the images (pixels, channels) and classes beside it. An experiment builds a network for the images of its data set.

Example:

    bitnet models`
}

func (modelsCommand) Run(t *terminal) error {
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\tparameters\timages\tclasses\tdescription")
	for _, e := range models.All() {
		o := e.Default
		model, err := models.New(e.Name, o)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d\t%dx%dx%d\t%d\t%s\n", e.Name, nn.CountParameters(model), o.Size, o.Size, o.Channels, o.Classes, e.About)
	}
	return w.Flush()
}

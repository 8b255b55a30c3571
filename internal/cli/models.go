package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/summary"
)

type modelsCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (modelsCommand) Help() string {
	return `Lists the architectures with their parameters, the multiply-accumulates for one image and the size of the weights in float32, for the images (pixels, channels) and classes beside it. Twins have the same number of parameters. An experiment builds a network for the images of its data set.

A name may also be that of the PyTorch definition, such as torchvision.models.resnet18.

Example:

    bitnet models`
}

// A listing is an architecture with the totals of its default.
type listing struct {
	Name    string         `json:"name"`
	Origin  string         `json:"origin,omitempty"`
	About   string         `json:"about"`
	Options models.Options `json:"options"`
	summary.Totals
}

func (c modelsCommand) Run(t *terminal) error {
	var all []listing
	for _, e := range models.All() {
		model, err := models.Blank(e.Name, e.Default)
		if err != nil {
			return err
		}
		_, totals := summary.Of(model, e.Default.Size, e.Default.Channels)
		all = append(all, listing{e.Name, e.Origin, e.About, e.Default, totals})
	}
	if c.JSON {
		return t.printJSON(all)
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\tparameters\tMACs\tfloat32\timages\tclasses\tdescription")
	for _, l := range all {
		o := l.Options
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%dx%dx%d\t%d\t%s\n", l.Name, l.Parameters, l.MACs, byteSize(l.BytesFloat32), o.Size, o.Size, o.Channels, o.Classes, l.About)
	}
	return w.Flush()
}

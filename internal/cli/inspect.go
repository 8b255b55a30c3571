package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/summary"
	"github.com/AlarioAI/bitnet/weights"
)

type inspectCommand struct {
	What   string   `arg:"" name:"architecture|file" help:"Name of an architecture, or a file of weights (safetensors, .pth or .pt)."`
	Recipe string   `placeholder:"NAME" help:"How layers are quantised: float, alario, b158 or b1 (default: float, or what the file says)."`
	Keep   []string `placeholder:"LAYER" help:"Layers left in float: state names, globs, first or last."`
	Format string   `enum:"text,json,csv" default:"text" help:"text, json or csv (default: ${default})."`
	networkFlags
}

// networkFlags say what a network is built for.
type networkFlags struct {
	Classes  int     `placeholder:"N" help:"Number of classes (default: the architecture's, or the file's)."`
	Channels int     `placeholder:"N" help:"Channels of the images."`
	Size     int     `placeholder:"PIXELS" help:"Rows and columns of the images."`
	Stem     string  `placeholder:"cifar" help:"Stem of a residual network: cifar for small images."`
	Width    float64 `placeholder:"FACTOR" help:"Factor of the numbers of channels (mobilenet_v2)."`
}

// apply changes the options that flags were given for.
func (f networkFlags) apply(o models.Options) models.Options {
	set(&o.Classes, f.Classes)
	set(&o.Channels, f.Channels)
	set(&o.Size, f.Size)
	set(&o.Stem, f.Stem)
	set(&o.Width, f.Width)
	return o
}

// set changes a value unless the other is zero.
func set[T comparable](value *T, other T) {
	if other != *new(T) {
		*value = other
	}
}

// Help is shown below the flags.
func (inspectCommand) Help() string {
	return `Lists every layer: state name, type, output shape (rows x columns x channels, or tokens x features), parameters, multiply-accumulates for one image, recipe and bits of a weight; then the totals: parameters, multiply-accumulates, and the size in float32 and with ternary weights packed at 2 and at 1.6 bits.

The network of a file is known from what this program wrote into it, or else from the names and shapes of its tensors.

Example:

    bitnet inspect resnet18 --recipe b158 --keep conv1,fc`
}

func (c inspectCommand) Run(t *terminal) error {
	network, err := c.network(t)
	if err != nil {
		return err
	}
	model, err := network.Build()
	if err != nil {
		return err
	}
	rows, totals := summary.Of(model, network.Options.Size, network.Options.Channels)
	switch c.Format {
	case "json":
		return t.printJSON(struct {
			weights.Network
			Layers []summary.Row  `json:"layers"`
			Totals summary.Totals `json:"totals"`
		}{*network, rows, totals})
	case "csv":
		return writeCSV(t.stdout, rows)
	}
	return writeTable(t.stdout, rows, totals)
}

// network returns what is to be inspected. A file is read as far as needed to
// warn of values that are not finite.
func (c inspectCommand) network(t *terminal) (*weights.Network, error) {
	var n *weights.Network
	if isFile(c.What) {
		f, err := weights.Open(c.What)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if n, err = weights.Identify(f, c.What); err != nil {
			return nil, err
		}
		if err := f.CheckFinite(); err != nil {
			t.log("warning: %v", err)
		}
	} else {
		entry, err := models.Find(c.What)
		if err != nil {
			return nil, err
		}
		n = &weights.Network{Architecture: entry.Name, Options: entry.Default}
	}
	n.Options = c.apply(n.Options)
	if c.Recipe != "" {
		recipe, err := quant.Parse(c.Recipe)
		if err != nil {
			return nil, usageError{fmt.Errorf("--recipe: %w", err)}
		}
		n.Recipe = recipe
	}
	if len(c.Keep) > 0 {
		n.Keep = c.Keep
	}
	return n, nil
}

// isFile tells a file from the name of an architecture, right or misspelled.
func isFile(arg string) bool {
	if _, err := models.Find(arg); err == nil {
		return false
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir() || strings.ContainsRune(arg, os.PathSeparator) ||
		slices.Contains([]string{".safetensors", ".pth", ".pt"}, filepath.Ext(arg))
}

func writeTable(w io.Writer, rows []summary.Row, totals summary.Totals) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "layer\ttype\toutput\tparameters\tMACs\trecipe\tbits")
	for _, r := range rows {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%d\t%v\t%.4g\n", orDash(r.Name), r.Type, shape(r.Output), r.Parameters, r.MACs, r.Recipe, r.Bits)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nparameters %d, MACs %d, size %s in float32, %s packed at 2 bits, %s at 1.6 bits\n",
		totals.Parameters, totals.MACs, byteSize(totals.BytesFloat32), byteSize(totals.BytesPacked2), byteSize(totals.BytesPacked16))
	return err
}

func writeCSV(w io.Writer, rows []summary.Row) error {
	c := csv.NewWriter(w)
	c.Write([]string{"layer", "type", "output", "parameters", "macs", "recipe", "bits"})
	for _, r := range rows {
		c.Write([]string{r.Name, r.Type, shape(r.Output), strconv.Itoa(r.Parameters), strconv.Itoa(r.MACs), r.Recipe.String(), strconv.FormatFloat(r.Bits, 'g', 4, 64)})
	}
	c.Flush()
	return c.Error()
}

// shape writes 56x56x64.
func shape(dims []int) string {
	var words []string
	for _, d := range dims {
		words = append(words, strconv.Itoa(d))
	}
	return orDash(strings.Join(words, "x"))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// byteSize writes a size in units of 1000.
func byteSize(n int) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.2f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f kB", float64(n)/1e3)
}

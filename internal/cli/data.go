package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/data/mnist"
	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/internal/near"
)

type dataCommand struct {
	Sets []string `arg:"" optional:"" name:"set" help:"Name of a built-in data set, or a folder (default: all that are built in)."`
}

// Help is shown below the flags.
func (dataCommand) Help() string {
	return `A folder has the four files of MNIST and its successors, plain or with .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte; or the binary files of CIFAR-10 or CIFAR-100; or images of JPEG and PNG in a folder for each class, train/CLASS/*.jpg and val/CLASS/*.jpg (test takes the place of a missing val). All is read and decoded to the end; mean and standard deviation are those of the training images, and what images are normalised by.

Example:

    bitnet data mnist /usr/share/datasets/fashion-mnist`
}

func (c dataCommand) Run(t *terminal) error {
	sets := c.Sets
	if len(sets) == 0 {
		sets = builtinNames()
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\ttraining\ttest\timages\tclasses\tmean\tstd")
	for _, name := range sets {
		source, err := sourceOf(name)
		if err != nil {
			return err
		}
		set, err := openSet(source)
		if err != nil {
			return err
		}
		m := set.Train
		size := fmt.Sprintf("%dx%d", m.H, m.W)
		if m.H == 0 {
			size = "mixed"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%sx%d\t%d\t%s\t%s\n", set.Name, m.N, set.Test.N, size, m.C, set.Classes, numbers(set.Mean), numbers(set.Std))
	}
	return w.Flush()
}

// numbers lists one number for each channel.
func numbers(values []float32) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("%.4f", v)
	}
	return strings.Join(words, ",")
}

// A builtin is a data set that the program carries.
type builtin struct {
	name string
	load func() (*data.Set, error)
}

func builtins() []builtin { return []builtin{{"mnist", mnist.Load}} }

func builtinNames() (names []string) {
	for _, b := range builtins() {
		names = append(names, b.name)
	}
	return names
}

// sourceOf returns what an argument stands for: a built-in set or a folder.
func sourceOf(arg string) (experiment.Source, error) {
	if slices.Contains(builtinNames(), arg) {
		return experiment.Source{Name: arg}, nil
	}
	return experiment.FolderSource(arg)
}

// openSet loads a data set.
func openSet(s experiment.Source) (*data.Set, error) {
	if s.Folder != "" {
		return data.OpenFolder(s.Folder)
	}
	for _, b := range builtins() {
		if b.name == s.Name {
			return b.load()
		}
	}
	return nil, fmt.Errorf("unknown data set %.60q%s; a folder is written with a /, as in ./%s", s.Name, near.Hint(s.Name, builtinNames()), s.Name)
}

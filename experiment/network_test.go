package experiment

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/weights"
)

// Images are resized and get colours, layers are kept, trained weights are saved
// and are what another experiment starts from, with a fresh head.
func TestNetworkSettings(t *testing.T) {
	dir := t.TempDir()
	c := small()
	c.Seeds = c.Seeds[:1]
	c.Recipes = []quant.Recipe{quant.Float, quant.B158}
	c.Architectures = []Architecture{{"lenet5", Settings{
		Epochs: 1, BatchSize: 16, LearningRate: 0.001, Crop: 1, Flip: true,
		Network: Network{Size: 20, Channels: 3, Keep: "first,fc2"},
	}}}
	if err := Execute(t.Context(), c, dir, Options{Open: openNoise, SaveWeights: true}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "runs", "noise", "lenet5", "b158", "seed-0", weightsFile)
	f, err := weights.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	network, err := weights.Identify(f, file)
	if err != nil {
		t.Fatal(err)
	}
	if o := network.Options; network.Recipe != quant.B158 || o.Size != 20 || o.Channels != 3 || !slices.Equal(network.Keep, []string{"first", "fc2"}) {
		t.Errorf("the file is of %+v", network)
	}
	model, err := network.Build()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := nn.Parts(model)[1].Value.(*nn.Conv2d); !ok {
		t.Errorf("the first layer is a %T", nn.Parts(model)[1].Value)
	}

	// The same runs from these weights are other runs.
	c.Architectures[0].Settings.Network.Weights = file
	err = Execute(t.Context(), c, dir, Options{Open: openNoise})
	if err == nil || !strings.Contains(err.Error(), "weights_sum") {
		t.Errorf("the store takes runs from other weights: %v", err)
	}
	if err := Execute(t.Context(), c, filepath.Join(dir, "second"), Options{Open: openNoise}); err != nil {
		t.Error(err)
	}
	c.Architectures[0].Settings.Network.Size = 28 // another body
	err = Execute(t.Context(), c, filepath.Join(dir, "third"), Options{Open: openNoise})
	if err == nil || !strings.Contains(err.Error(), "misshapen") {
		t.Errorf("weights of another body: %v", err)
	}
}

func TestNetworksThatDoNotFit(t *testing.T) {
	for _, n := range []struct {
		architecture string
		network      Network
		want         string
	}{
		{"vit_b_16", Network{}, "want a multiple of 16"},
		{"lenet5", Network{Channels: 2}, "channels 2"},
		{"lenet5", Network{Stem: "cifar"}, "has no option stem"},
		{"lenet5", Network{Keep: "conv9"}, `keep "conv9": no such layer`},
		{"lenet5", Network{Weights: "none.pth"}, "none.pth: "},
	} {
		c := small()
		c.Architectures = []Architecture{{n.architecture, Settings{Epochs: 1, BatchSize: 16, LearningRate: 0.001, Network: n.network}}}
		dir := filepath.Join(t.TempDir(), "store")
		err := Execute(t.Context(), c, dir, Options{Open: openNoise})
		if err == nil || !strings.Contains(err.Error(), n.want) || strings.ContainsRune(err.Error(), '\n') {
			t.Errorf("%s with %+v: %v, want %q", n.architecture, n.network, err, n.want)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s with %+v: a store was made", n.architecture, n.network)
		}
	}
}

func TestDepartures(t *testing.T) {
	if d := (Settings{Epochs: 1, BatchSize: 2, LearningRate: 3}).Departures(); len(d) != 0 {
		t.Errorf("plain settings depart in %q", d)
	}
	s := Settings{Crop: 4, Flip: true, Network: Network{
		Size: 224, Channels: 3, Stem: "cifar", Width: 0.5, Dropout: models.At(0), DropPath: models.At(0.1),
		Keep: "conv1,fc", WeightsSum: "abc", FreshHead: true,
	}}
	want := []string{
		"images of 224 pixels", "3 channels", "random crop by 4", "random flip", "stem cifar", "width 0.5", "dropout 0", "drop path 0.1",
		"in float: conv1 fc", "from weights abc", "new head",
	}
	if d := s.Departures(); !slices.Equal(d, want) {
		t.Errorf("departures %q, want %q", d, want)
	}
}

package experiment

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/quant"
)

const good = `data: [mnist]
recipes: [float, b158]
seeds: 3
defaults: {epochs: 5, batch_size: 256, learning_rate: 0.001}
architectures:
  feedforward: {}
  lenet5: {}
`

func TestParse(t *testing.T) {
	standard := Settings{Epochs: 5, BatchSize: 256, LearningRate: 0.001}
	for name, c := range map[string]struct {
		text string
		want Config
	}{
		"everything once": {good, Config{
			Data:          []Source{{Name: "mnist"}},
			Recipes:       []quant.Recipe{quant.Float, quant.B158},
			Seeds:         []uint64{0, 1, 2},
			Architectures: []Architecture{{"feedforward", standard}, {"lenet5", standard}},
		}},
		"folders, overrides, a list of seeds": {`
seeds: [7, 0]
architectures:
  lenet5:
  feedforward: {epochs: 10, learning_rate: 1e-2, batch_size: 1}
data: [../kmnist/, /sets/fashion, mnist, ./here]
recipes: [b1]
defaults: {epochs: 5, batch_size: 256, learning_rate: 0.001}
`, Config{
			Data: []Source{
				{"kmnist", "kmnist"}, {"fashion", filepath.FromSlash("/sets/fashion")},
				{Name: "mnist"}, {"here", filepath.Join("configs", "here")},
			},
			Recipes:       []quant.Recipe{quant.B1},
			Seeds:         []uint64{7, 0},
			Architectures: []Architecture{{"lenet5", standard}, {"feedforward", Settings{Epochs: 10, BatchSize: 1, LearningRate: 0.01}}},
		}},
		"no defaults, an anchor": {`
data: [mnist]
recipes: [float]
seeds: 1
architectures:
  lenet5: &same {epochs: 2, learning_rate: 1, batch_size: 8}
  feedforward: *same
`, Config{
			Data:          []Source{{Name: "mnist"}},
			Recipes:       []quant.Recipe{quant.Float},
			Seeds:         []uint64{0},
			Architectures: []Architecture{{"lenet5", Settings{Epochs: 2, BatchSize: 8, LearningRate: 1}}, {"feedforward", Settings{Epochs: 2, BatchSize: 8, LearningRate: 1}}},
		}},
		"networks": {`
data: [mnist]
recipes: [float, b158]
seeds: 1
defaults: {epochs: 5, batch_size: 256, learning_rate: 0.001, keep: "first, last", channels: 3, flip: true}
architectures:
  torchvision.models.resnet18: {size: 32, stem: cifar, keep: [conv1, layer4.*], crop: 4}
  mobilenet_v2: {width: 0.5, dropout: 0, size: 64, flip: false}
  vit_b_16: {size: 224, weights: ../vit.pth, fresh_head: true}
`, Config{
			Data:    []Source{{Name: "mnist"}},
			Recipes: []quant.Recipe{quant.Float, quant.B158},
			Seeds:   []uint64{0},
			Architectures: []Architecture{
				{"resnet18", Settings{
					Epochs: 5, BatchSize: 256, LearningRate: 0.001, Crop: 4, Flip: true,
					Network: Network{Size: 32, Channels: 3, Stem: "cifar", Keep: "conv1,layer4.*"},
				}},
				{"mobilenet_v2", Settings{
					Epochs: 5, BatchSize: 256, LearningRate: 0.001,
					Network: Network{Size: 64, Channels: 3, Width: 0.5, Dropout: models.At(0), Keep: "first,last"},
				}},
				{"vit_b_16", Settings{
					Epochs: 5, BatchSize: 256, LearningRate: 0.001, Flip: true,
					Network: Network{Size: 224, Channels: 3, Keep: "first,last", Weights: "vit.pth", FreshHead: true},
				}},
			},
		}},
	} {
		got, err := Parse([]byte(c.text), filepath.Join("configs", "x.yaml"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(&c.want, got); d != "" {
			t.Errorf("%s: want -, got +\n%s", name, d)
		}
	}
}

func TestParseErrors(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the good configuration", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, c := range []struct{ text, want string }{
		{"", "x.yaml: the file is empty, want the keys data, recipes, seeds, defaults and architectures"},
		{"# only a comment\n", "x.yaml: the file is empty, want the keys data, recipes, seeds, defaults and architectures"},
		{"- mnist\n", "x.yaml:1: want keys with values, got a list"},
		{"mnist\n", `x.yaml:1: want keys with values, got "mnist"`},
		{good + "---\n" + good, "x.yaml:8: a second YAML document, want one"},
		{edit("data: [mnist]", "data: [mnist"), "x.yaml:1: not YAML: did not find expected ',' or ']'"},
		{edit("seeds: 3", "seeds:\t3\n\tx: 1"), "x.yaml:3: not YAML: found a tab character that violates indentation"},

		{edit("seeds: 3", "sedes: 3"), `x.yaml:3: unknown key "sedes", did you mean seeds?`},
		{edit("batch_size", "batchsize"), `x.yaml:4: unknown key "batchsize", did you mean batch_size?`},
		{edit("lenet5: {}", "lenet5: {dropout: 1}"), `x.yaml:7: dropout: want a probability of at least 0 and less than 1, got "1"`},
		{edit("lenet5: {}", "lenet5: {momentum: 1}"), `x.yaml:7: unknown key "momentum", have epochs, batch_size, learning_rate, crop, flip, size, channels, stem, width, dropout, drop_path, keep, weights, fresh_head`},
		{edit("lenet5: {}", "lenet5: {stem: patch}"), `x.yaml:7: stem: want cifar, got "patch"`},
		{edit("lenet5: {}", "lenet5: {width: 0}"), `x.yaml:7: width: want a positive number, got "0"`},
		{edit("lenet5: {}", "lenet5: {size: -32}"), `x.yaml:7: size: want a positive whole number, got "-32"`},
		{edit("lenet5: {}", "lenet5: {keep: []}"), "x.yaml:7: keep: the list is empty"},
		{edit("lenet5: {}", "lenet5: {keep: [fc, fc]}"), `x.yaml:7: keep: "fc" is there twice`},
		{edit("lenet5: {}", "lenet5: {keep: ['a,b']}"), `x.yaml:7: keep: want a layer without a comma, got "a,b"`},
		{edit("lenet5: {}", "lenet5: {weights: 5}"), `x.yaml:7: weights: want a file, got "5"`},
		{edit("lenet5: {}", "lenet5: {fresh_head: 1}"), `x.yaml:7: fresh_head: want true or false, got "1"`},
		{edit("lenet5: {}", "resnet18: {}\n  torchvision.models.resnet18: {}"), "x.yaml:8: architectures: resnet18 is there twice, once by another name"},
		{edit("seeds: 3", "? [seeds]\n: 3"), "x.yaml:3: want a name as the key, got a list"},
		{edit("recipes: [float, b158]\n", ""), "x.yaml:1: missing key recipes"},
		{edit("seeds: 3\n", ""), "x.yaml:1: missing key seeds"},
		{good + "seeds: 4\n", `x.yaml:8: key "seeds" is there twice`},
		{good + "  lenet5: {}\n", `x.yaml:8: key "lenet5" is there twice`},

		{edit("[mnist]", "mnist"), `x.yaml:1: data: want a list as in [mnist], got "mnist"`},
		{edit("[mnist]", "[]"), "x.yaml:1: data: the list is empty"},
		{edit("[mnist]", "[1]"), `x.yaml:1: data: want a name, got "1"`},
		{edit("[mnist]", "[~]"), "x.yaml:1: data: want a name, got nothing"},
		{edit("[mnist]", "[mnist, mnist]"), `x.yaml:1: data: "mnist" is there twice`},
		{edit("[mnist]", "[mnist, other/mnist]"), `x.yaml:1: data: a second data set of the name "mnist"`},
		{edit("[float, b158]", "\n- float\n- b185"), `x.yaml:4: recipes: unknown recipe "b185", want one of float, alario, b158, b1, b158-bf16, b1-bf16`},
		{edit("[float, b158]", "[b1, b1]"), `x.yaml:2: recipes: "b1" is there twice`},

		{edit("seeds: 3", "seeds: 0"), `x.yaml:3: seeds: want how many, 1 to 10000, or a list of seeds, got "0"`},
		{edit("seeds: 3", "seeds: many"), `x.yaml:3: seeds: want how many, 1 to 10000, or a list of seeds, got "many"`},
		{edit("seeds: 3", "seeds:"), `x.yaml:3: seeds: want how many, 1 to 10000, or a list of seeds, got nothing`},
		{edit("seeds: 3", "seeds: 2.5"), `x.yaml:3: seeds: want how many, 1 to 10000, or a list of seeds, got "2.5"`},
		{edit("seeds: 3", "seeds: 1000000000000"), `x.yaml:3: seeds: want how many, 1 to 10000, or a list of seeds, got "1000000000000"`},
		{edit("seeds: 3", "seeds: []"), "x.yaml:3: seeds: a list of 0, want 1 to 10000"},
		{edit("seeds: 3", "seeds: [0, -1]"), `x.yaml:3: seeds: want a whole number of at least 0, got "-1"`},
		{edit("seeds: 3", "seeds: [0, 1, 0]"), "x.yaml:3: seeds: 0 is there twice"},

		{edit("epochs: 5", "epochs: 0"), `x.yaml:4: epochs: want a positive whole number, got "0"`},
		{edit("epochs: 5", "epochs: 2.5"), `x.yaml:4: epochs: want a positive whole number, got "2.5"`},
		{edit("epochs: 5", "epochs: five"), `x.yaml:4: epochs: want a positive whole number, got "five"`},
		{edit("epochs: 5", `epochs: "5"`), `x.yaml:4: epochs: want a positive whole number, got "5"`},
		{edit("256", "-256"), `x.yaml:4: batch_size: want a positive whole number, got "-256"`},
		{edit("256", "[256]"), `x.yaml:4: batch_size: want a positive whole number, got a list`},
		{edit("0.001", "-0.001"), `x.yaml:4: learning_rate: want a positive number, got "-0.001"`},
		{edit("0.001", ".nan"), `x.yaml:4: learning_rate: want a positive number, got ".nan"`},
		{edit("0.001", ".inf"), `x.yaml:4: learning_rate: want a positive number, got ".inf"`},
		{edit("0.001", "small"), `x.yaml:4: learning_rate: want a positive number, got "small"`},
		{edit(", learning_rate: 0.001", ""), "x.yaml:6: architectures: feedforward has no learning_rate, nor have the defaults"},

		{edit("lenet5", "lenet"), `x.yaml:7: architectures: unknown architecture "lenet", did you mean lenet5?`},
		{edit("\n  feedforward: {}\n  lenet5: {}", " {}"), "x.yaml:5: architectures: none is named"},
		{edit("\n  feedforward: {}\n  lenet5: {}", " [lenet5]"), "x.yaml:5: want keys with values, got a list"},
		{edit("lenet5: {}", "lenet5: 5"), `x.yaml:7: want keys with values, got "5"`},
	} {
		_, err := Parse([]byte(c.text), "x.yaml")
		if err == nil || err.Error() != c.want {
			t.Errorf("error %v\nwant  %s\nof\n%s", err, c.want, c.text)
		}
	}
}

func TestReadFile(t *testing.T) {
	for _, file := range []string{"mnist.yaml", "mnist-accuracy.yaml"} {
		c, err := ReadFile(filepath.Join("..", "experiments", file))
		if err != nil {
			t.Fatal(err)
		}
		if c.Data[0].Name != "mnist" || len(c.Runs()) == 0 {
			t.Errorf("%s: %+v", file, c)
		}
	}
	file := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := ReadFile(file); err == nil || !strings.HasPrefix(err.Error(), file+": ") {
		t.Errorf("error %v", err)
	}
}

func TestRunsPutTwinsTogether(t *testing.T) {
	c, err := Parse([]byte(good), "x.yaml")
	if err != nil {
		t.Fatal(err)
	}
	runs := c.Runs()
	if len(runs) != 2*3*2 {
		t.Fatalf("%d runs", len(runs))
	}
	for i, want := range []string{
		"mnist feedforward float seed 0", "mnist feedforward b158 seed 0",
		"mnist feedforward float seed 1", "mnist feedforward b158 seed 1",
		"mnist feedforward float seed 2", "mnist feedforward b158 seed 2",
		"mnist lenet5 float seed 0", "mnist lenet5 b158 seed 0",
	} {
		if got := runs[i].Key.String(); got != want {
			t.Errorf("run %d is %s, want %s", i, got, want)
		}
	}
}

// Whatever the text, there is a configuration that keeps its promises or an
// error of one line that begins with the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, s := range []string{"", "a", "[", "- 1", "data: [x/y]", "seeds: [0x10, 1_0]", "a: &a {b: *a}", "&a [*a]", "? {a: b}\n: c", "%YAML 1.1\n---\n", "data: !!binary aGk=", "--- 1\n--- 2\n",
		"data: &d [a]\nrecipes: *d\nseeds: 1\ndefaults: {epochs: 1}\narchitectures: {lenet5: {<<: {epochs: 1}}}\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text, "x.yaml")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.yaml:") || strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("error %q", err)
			}
			return
		}
		seen := map[Key]bool{}
		for _, r := range c.Runs() {
			if s := r.Settings; seen[r.Key] || r.Data == "" || s.Epochs < 1 || s.BatchSize < 1 || !(s.LearningRate > 0) {
				t.Errorf("run %+v", r)
			}
			seen[r.Key] = true
		}
		if len(seen) == 0 {
			t.Error("no runs")
		}
	})
}

func ExampleParse() {
	config, err := Parse([]byte(`
data: [mnist]
recipes: [float, b158]
seeds: 2
defaults: {epochs: 5, batch_size: 256, learning_rate: 0.001}
architectures:
  lenet5: {epochs: 10}
`), "lenet5.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, run := range config.Runs() {
		fmt.Println(run.Key, run.Settings.Epochs)
	}
	// Output:
	// mnist lenet5 float seed 0 10
	// mnist lenet5 b158 seed 0 10
	// mnist lenet5 float seed 1 10
	// mnist lenet5 b158 seed 1 10
}

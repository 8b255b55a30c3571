package experiment

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/quant"
)

// ReadFile reads the configuration in a file; see Parse.
func ReadFile(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, cause(err))
	}
	return Parse(text, file)
}

// Parse reads a configuration in YAML:
//
//	data: [mnist, ../fashion-mnist]  # names of sets, or folders if there is a / in them
//	recipes: [float, b158]           # of quant.Recipes
//	seeds: 3                         # 0, 1 and 2; or a list
//	defaults: {epochs: 5, batch_size: 256, learning_rate: 0.001}
//	architectures:                   # of models.All
//	  lenet5: {}
//	  feedforward: {epochs: 10}      # instead of the default
//	  resnet18: {size: 32, channels: 3, stem: cifar, keep: [conv1, fc]}
//	  vit_b_16: {size: 224, channels: 3, weights: vit.safetensors, fresh_head: true}
//
// Beside epochs, batch_size and learning_rate, the settings of an architecture,
// and the defaults, may have crop and flip, which change training images as in
// data.LoaderConfig, and those of a Network. keep is a list, or names with commas
// between. An architecture may have the name of its PyTorch definition.
//
// A relative folder or file starts at the folder of file, which need not exist.
// The name of a folder's data set is the last part of its path.
//
// Whatever is not as above (another key, a key twice, another type, a number
// that is not positive, a name that nothing has, a setting that neither the
// architecture nor the defaults give) is an error of one line that begins with
// the file and the line.
func Parse(text []byte, file string) (*Config, error) {
	p := parser{file}
	root, err := p.document(text)
	if err != nil {
		return nil, err
	}
	keys, err := p.mapping(root, "data", "recipes", "seeds", "defaults", "architectures")
	if err != nil {
		return nil, err
	}
	for _, required := range []string{"data", "recipes", "seeds", "architectures"} {
		if keys[required] == nil {
			return nil, p.errorf(root, "missing key %s", required)
		}
	}
	c := new(Config)
	if c.Data, err = p.sources(keys["data"]); err != nil {
		return nil, err
	}
	if c.Recipes, err = p.recipes(keys["recipes"]); err != nil {
		return nil, err
	}
	if c.Seeds, err = p.seeds(keys["seeds"]); err != nil {
		return nil, err
	}
	var defaults Settings
	if keys["defaults"] != nil {
		if defaults, err = p.settings(keys["defaults"], defaults); err != nil {
			return nil, err
		}
	}
	if c.Architectures, err = p.architectures(keys["architectures"], defaults); err != nil {
		return nil, err
	}
	return c, nil
}

func (p parser) sources(n *yaml.Node) (all []Source, err error) {
	names, err := p.names(n, "data", "mnist")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		s := Source{Name: name.Value}
		if strings.ContainsRune(name.Value, '/') || strings.ContainsRune(name.Value, filepath.Separator) {
			if s, err = FolderSource(p.path(name.Value)); err != nil {
				return nil, p.errorf(name, "data: %v", err)
			}
		}
		if slices.ContainsFunc(all, func(other Source) bool { return other.Name == s.Name }) {
			return nil, p.errorf(name, "data: a second data set of the name %.60q", s.Name)
		}
		all = append(all, s)
	}
	return all, nil
}

// path returns the path of a file or folder that is named in the configuration.
func (p parser) path(name string) string {
	name = filepath.FromSlash(name)
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(p.file), name)
	}
	return name
}

// FolderSource returns the source of the data set in a folder.
func FolderSource(folder string) (Source, error) {
	full, err := filepath.Abs(folder) // "." and ".." have a name too
	if err != nil {
		return Source{}, err
	}
	return Source{Name: filepath.Base(full), Folder: folder}, nil
}

func (p parser) recipes(n *yaml.Node) (all []quant.Recipe, err error) {
	names, err := p.names(n, "recipes", "float, b158")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		recipe, err := quant.Parse(name.Value)
		if err != nil {
			return nil, p.errorf(name, "recipes: %v", err)
		}
		all = append(all, recipe)
	}
	return all, nil
}

// maxSeeds bounds the number of seeds: one more digit is more likely a mistake.
const maxSeeds = 10_000

func (p parser) seeds(n *yaml.Node) (all []uint64, err error) {
	n = follow(n)
	if n.Kind != yaml.SequenceNode {
		count, ok := whole(n)
		if !ok || count < 1 || count > maxSeeds {
			return nil, p.errorf(n, "seeds: want how many, 1 to %d, or a list of seeds, got %s", maxSeeds, describe(n))
		}
		for seed := range uint64(count) {
			all = append(all, seed)
		}
		return all, nil
	}
	if len(n.Content) == 0 || len(n.Content) > maxSeeds {
		return nil, p.errorf(n, "seeds: a list of %d, want 1 to %d", len(n.Content), maxSeeds)
	}
	for _, element := range n.Content {
		element = follow(element)
		seed, ok := whole(element)
		if !ok || seed < 0 {
			return nil, p.errorf(element, "seeds: want a whole number of at least 0, got %s", describe(element))
		}
		if slices.Contains(all, uint64(seed)) {
			return nil, p.errorf(element, "seeds: %d is there twice", seed)
		}
		all = append(all, uint64(seed))
	}
	return all, nil
}

func (p parser) architectures(n *yaml.Node, defaults Settings) (all []Architecture, err error) {
	names, overrides, err := p.pairs(n)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, p.errorf(n, "architectures: none is named")
	}
	for i, name := range names {
		entry, err := models.Find(name.Value)
		if err != nil {
			return nil, p.errorf(name, "architectures: %v", err)
		}
		if slices.ContainsFunc(all, func(a Architecture) bool { return a.Name == entry.Name }) {
			return nil, p.errorf(name, "architectures: %s is there twice, once by another name", entry.Name)
		}
		s := defaults
		if overrides[i].ShortTag() != "!!null" { // "lenet5:" and nothing behind it
			if s, err = p.settings(overrides[i], defaults); err != nil {
				return nil, err
			}
		}
		for _, key := range []struct {
			name  string
			given bool
		}{{"epochs", s.Epochs > 0}, {"batch_size", s.BatchSize > 0}, {"learning_rate", s.LearningRate > 0}} {
			if !key.given {
				return nil, p.errorf(name, "architectures: %s has no %s, nor have the defaults", name.Value, key.name)
			}
		}
		all = append(all, Architecture{entry.Name, s})
	}
	return all, nil
}

// settings returns s with what the mapping changes of it.
func (p parser) settings(n *yaml.Node, s Settings) (Settings, error) {
	keys, err := p.mapping(n, "epochs", "batch_size", "learning_rate",
		"crop", "flip", "size", "channels", "stem", "width", "dropout", "drop_path", "keep", "weights", "fresh_head")
	if err != nil {
		return s, err
	}
	if s.Crop, err = p.count(keys["crop"], "crop", s.Crop); err != nil {
		return s, err
	}
	if s.Flip, err = p.truth(keys["flip"], "flip", s.Flip); err != nil {
		return s, err
	}
	if s.Network, err = p.network(keys, s.Network); err != nil {
		return s, err
	}
	if s.Epochs, err = p.count(keys["epochs"], "epochs", s.Epochs); err != nil {
		return s, err
	}
	if s.BatchSize, err = p.count(keys["batch_size"], "batch_size", s.BatchSize); err != nil {
		return s, err
	}
	if rate := keys["learning_rate"]; rate != nil {
		var ok bool
		if s.LearningRate, ok = number(rate); !ok || !(s.LearningRate > 0 && s.LearningRate <= math.MaxFloat32) {
			return s, p.errorf(rate, "learning_rate: want a positive number, got %s", describe(rate))
		}
	}
	return s, nil
}

// network returns n with what the keys change of it. What an architecture makes
// of them is seen when it is built.
func (p parser) network(keys map[string]*yaml.Node, n Network) (Network, error) {
	var err error
	if n.Size, err = p.count(keys["size"], "size", n.Size); err != nil {
		return n, err
	}
	if n.Channels, err = p.count(keys["channels"], "channels", n.Channels); err != nil {
		return n, err
	}
	if stem := keys["stem"]; stem != nil {
		if n.Stem = stem.Value; stem.Kind != yaml.ScalarNode || n.Stem != models.StemCIFAR {
			return n, p.errorf(stem, "stem: want %s, got %s", models.StemCIFAR, describe(stem))
		}
	}
	if width := keys["width"]; width != nil {
		var ok bool
		if n.Width, ok = number(width); !ok || !(n.Width > 0) {
			return n, p.errorf(width, "width: want a positive number, got %s", describe(width))
		}
	}
	if n.Dropout, err = p.rate(keys["dropout"], "dropout", n.Dropout); err != nil {
		return n, err
	}
	if n.DropPath, err = p.rate(keys["drop_path"], "drop_path", n.DropPath); err != nil {
		return n, err
	}
	if keep := keys["keep"]; keep != nil {
		if n.Keep, err = p.keep(keep); err != nil {
			return n, err
		}
	}
	if file := keys["weights"]; file != nil {
		if file.Kind != yaml.ScalarNode || file.ShortTag() != "!!str" || file.Value == "" {
			return n, p.errorf(file, "weights: want a file, got %s", describe(file))
		}
		n.Weights = p.path(file.Value)
	}
	n.FreshHead, err = p.truth(keys["fresh_head"], "fresh_head", n.FreshHead)
	return n, err
}

// rate returns the probability of a key, or else if there is none.
func (p parser) rate(n *yaml.Node, key string, otherwise models.Rate) (models.Rate, error) {
	if n == nil {
		return otherwise, nil
	}
	v, ok := number(n)
	if !ok || !(v >= 0 && v < 1) {
		return otherwise, p.errorf(n, "%s: want a probability of at least 0 and less than 1, got %s", key, describe(n))
	}
	return models.At(v), nil
}

// truth returns the boolean of a key, or else if there is none.
func (p parser) truth(n *yaml.Node, key string, otherwise bool) (bool, error) {
	if n == nil {
		return otherwise, nil
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&otherwise) != nil {
		return otherwise, p.errorf(n, "%s: want true or false, got %s", key, describe(n))
	}
	return otherwise, nil
}

// keep returns the layers to be left in float, with commas between.
func (p parser) keep(n *yaml.Node) (string, error) {
	if n = follow(n); n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Value != "" {
		return strings.Join(strings.FieldsFunc(n.Value, func(r rune) bool { return r == ',' || r == ' ' }), ","), nil
	}
	names, err := p.names(n, "keep", "conv1, fc")
	if err != nil {
		return "", err
	}
	var all []string
	for _, name := range names {
		if strings.ContainsRune(name.Value, ',') {
			return "", p.errorf(name, "keep: want a layer without a comma, got %s", describe(name))
		}
		all = append(all, name.Value)
	}
	return strings.Join(all, ","), nil
}

// count returns the positive whole number of a key, or else if there is none.
func (p parser) count(n *yaml.Node, key string, otherwise int) (int, error) {
	if n == nil {
		return otherwise, nil
	}
	v, ok := whole(n)
	if !ok || v < 1 || v > math.MaxInt32 {
		return 0, p.errorf(n, "%s: want a positive whole number, got %s", key, describe(n))
	}
	return int(v), nil
}

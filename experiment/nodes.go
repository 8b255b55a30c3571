package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/AlarioAI/bitnet/internal/near"
)

// A parser reads nodes of a document. It looks at the nodes themselves, since
// decoding into structs reports mistakes without their near matches and lets
// some of them pass.
type parser struct{ file string }

func (p parser) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.file, n.Line, fmt.Sprintf(format, args...))
}

// document returns the root node of the only document.
func (p parser) document(text []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: the file is empty, want the keys data, recipes, seeds, defaults and architectures", p.file)
	} else if err != nil {
		return nil, p.syntax(err)
	}
	if err := d.Decode(&second); err == nil {
		return nil, p.errorf(&second, "a second YAML document, want one")
	} else if !errors.Is(err, io.EOF) {
		return nil, p.syntax(err)
	}
	return doc.Content[0], nil
}

// syntax rewrites an error of the YAML library, "yaml: line 3: what".
func (p parser) syntax(err error) error {
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	what = strings.Join(strings.Fields(what), " ") // some have several lines
	if rest, ok := strings.CutPrefix(what, "line "); ok {
		if line, message, ok := strings.Cut(rest, ": "); ok {
			return fmt.Errorf("%s:%s: not YAML: %s", p.file, line, message)
		}
	}
	return fmt.Errorf("%s: not YAML: %s", p.file, what)
}

// mapping returns the values of a mapping by their keys.
func (p parser) mapping(n *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	keys, values, err := p.pairs(n)
	if err != nil {
		return nil, err
	}
	byKey := map[string]*yaml.Node{}
	for i, key := range keys {
		if !slices.Contains(known, key.Value) {
			return nil, p.errorf(key, "unknown key %.60q%s", key.Value, near.Hint(key.Value, known))
		}
		byKey[key.Value] = values[i]
	}
	return byKey, nil
}

// pairs returns keys, all different, and values of a mapping in their order.
func (p parser) pairs(n *yaml.Node) (keys, values []*yaml.Node, err error) {
	if n = follow(n); n.Kind != yaml.MappingNode {
		return nil, nil, p.errorf(n, "want keys with values, got %s", describe(n))
	}
	seen := map[string]bool{}
	for pair := range slices.Chunk(n.Content, 2) {
		key, value := follow(pair[0]), follow(pair[1])
		if key.Kind != yaml.ScalarNode {
			return nil, nil, p.errorf(key, "want a name as the key, got %s", describe(key))
		}
		if seen[key.Value] {
			return nil, nil, p.errorf(key, "key %.60q is there twice", key.Value)
		}
		seen[key.Value] = true
		keys, values = append(keys, key), append(values, value)
	}
	return keys, values, nil
}

// names returns the elements, all different, of a list of names.
func (p parser) names(n *yaml.Node, key, example string) ([]*yaml.Node, error) {
	if n = follow(n); n.Kind != yaml.SequenceNode {
		return nil, p.errorf(n, "%s: want a list as in [%s], got %s", key, example, describe(n))
	}
	if len(n.Content) == 0 {
		return nil, p.errorf(n, "%s: the list is empty", key)
	}
	seen := map[string]bool{}
	var all []*yaml.Node
	for _, element := range n.Content {
		element = follow(element)
		if element.Kind != yaml.ScalarNode || element.ShortTag() != "!!str" || element.Value == "" {
			return nil, p.errorf(element, "%s: want a name, got %s", key, describe(element))
		}
		if seen[element.Value] {
			return nil, p.errorf(element, "%s: %.60q is there twice", key, element.Value)
		}
		seen[element.Value] = true
		all = append(all, element)
	}
	return all, nil
}

// whole returns the value of a node that is a whole number.
func whole(n *yaml.Node) (v int64, ok bool) {
	ok = n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" && n.Decode(&v) == nil
	return v, ok
}

// number returns the value of a node that is a number.
func number(n *yaml.Node) (v float64, ok bool) {
	n = follow(n)
	ok = n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!float" || n.ShortTag() == "!!int") && n.Decode(&v) == nil
	return v, ok
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// describe says what a node is, for errors.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!null":
		return "nothing"
	}
	return strconv.Quote(shorten(n.Value))
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

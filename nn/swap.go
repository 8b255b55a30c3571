package nn

import (
	"fmt"
	"path"
	"reflect"

	"github.com/AlarioAI/bitnet/quant"
)

// Swap replaces every Linear and Conv2d below model, or above all model
// itself, by a BitLinear or BitConv2d of the recipe, in place. Weights,
// biases and the whole geometry (groups and dilation included) stay, and so
// does the number of parameters. Layers that Keep names stay as they are. The
// recipe Float leaves everything as it is.
//
// Swap panics if a layer to be swapped is held in a field of a type that
// cannot hold the other (fields should be of type Layer), or if Keep names a
// layer that does not exist; CheckKeep tells beforehand.
func Swap[M Layer](model M, recipe quant.Recipe, keep ...Keeper) M {
	var patterns []string
	for _, k := range keep {
		patterns = append(patterns, k.patterns...)
	}
	if err := CheckKeep(model, patterns...); err != nil {
		panic("nn.Swap: " + err.Error())
	}
	if recipe == quant.Float {
		return model
	}
	names := SwappableNames(model)
	eachSwappable(reflect.ValueOf(&model).Elem(), func(name string, v reflect.Value) {
		if kept(patterns, name, names) {
			return
		}
		var bit Layer
		switch l := v.Interface().(type) {
		case *Linear:
			bit = &BitLinear{*l, recipe}
		case *Conv2d:
			bit = &BitConv2d{*l, recipe}
		}
		if !reflect.TypeOf(bit).AssignableTo(v.Type()) {
			panic(fmt.Sprintf("nn.Swap: %q is held as %v, which cannot hold a %T: make it an nn.Layer", name, v.Type(), bit))
		}
		v.Set(reflect.ValueOf(bit))
	})
	return model
}

// A Keeper is a policy of Swap.
type Keeper struct{ patterns []string }

// Keep leaves layers in float: by state name (layer1.0), by glob (layer1.*,
// where * matches any characters but none across a dot-free name), or as first
// and last, the first and last layer that would be swapped.
func Keep(patterns ...string) Keeper { return Keeper{patterns} }

// SwappableNames returns the state names of the layers that Swap replaces.
func SwappableNames(model Layer) []string {
	var names []string
	eachSwappable(reflect.ValueOf(&model).Elem(), func(name string, _ reflect.Value) { names = append(names, name) })
	return names
}

// CheckKeep returns an error if a pattern matches no layer of the model.
func CheckKeep(model Layer, patterns ...string) error {
	names := SwappableNames(model)
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("keep %q: not a pattern", p)
		}
		matched := false
		for _, n := range names {
			matched = matched || kept([]string{p}, n, names)
		}
		if !matched {
			return fmt.Errorf("keep %q: no such layer, have %q", p, names)
		}
	}
	return nil
}

func kept(patterns []string, name string, names []string) bool {
	for _, p := range patterns {
		matched, _ := path.Match(p, name)
		if matched || p == "first" && name == names[0] || p == "last" && name == names[len(names)-1] {
			return true
		}
	}
	return false
}

// eachSwappable calls f for every Linear and Conv2d at or below v. The name of
// v itself is empty.
func eachSwappable(v reflect.Value, f func(name string, v reflect.Value)) {
	visit := func(name string, v reflect.Value, _ bool) bool {
		switch v.Interface().(type) {
		case *Linear, *Conv2d:
			f(name, v)
			return false
		}
		return true
	}
	visitField(v, "", false, visit)
}

package nn

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/AlarioAI/bitnet/quant"
)

// Swap replaces every Linear and Conv2d below model, or above all model
// itself, by a BitLinear or BitConv2d of the recipe, in place, and quantises the
// projections of attention. Weights, biases and the whole geometry (groups and
// dilation included) stay, and so does the number of parameters. The recipe
// Float leaves everything as it is; Alario leaves attention as it is, as the
// reference project does by accident: there the packed projection is no layer,
// and fused attention reads the weight of the output projection past its layer.
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
	eachSwappable(reflect.ValueOf(&model).Elem(), recipe != quant.Alario, func(name string, v reflect.Value) {
		if kept(patterns, name, names) {
			return
		}
		var bit Layer
		switch l := v.Interface().(type) {
		case *Linear:
			bit = &BitLinear{*l, recipe}
		case *Conv2d:
			bit = &BitConv2d{*l, recipe}
		case *MultiheadAttention:
			l.Recipe = recipe
			return
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

// Keep leaves layers in float: by state name (layer1.0.conv1), by the name of
// what holds them (layer1), by a glob for either (layer*.conv1, where * matches
// any characters), or as first and last, the first and last layer that would be
// swapped.
func Keep(patterns ...string) Keeper { return Keeper{patterns} }

// SwappableNames returns the state names of the layers that Swap replaces. The
// input projections of an attention are one of them, by the name in_proj.
func SwappableNames(model Layer) []string {
	var names []string
	eachSwappable(reflect.ValueOf(&model).Elem(), true, func(name string, _ reflect.Value) { names = append(names, name) })
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
			return fmt.Errorf("keep %q: no such layer, the %d that can be kept are %s", p, len(names), abridge(names))
		}
	}
	return nil
}

// abridge lists names, of many only the first and last.
func abridge(names []string) string {
	const most = 8
	if len(names) > most {
		names = slices.Concat(names[:most-1], []string{"..."}, names[len(names)-1:])
	}
	return strings.Join(names, " ")
}

func kept(patterns []string, name string, names []string) bool {
	for _, p := range patterns {
		if p == "first" && name == names[0] || p == "last" && name == names[len(names)-1] {
			return true
		}
		for holder := name; holder != ""; holder = Holder(holder) {
			if matched, _ := path.Match(p, holder); matched {
				return true
			}
		}
	}
	return false
}

// eachSwappable calls f for every Linear and Conv2d at or below v, and for the
// attentions unless they are to be left out with all that is in them. The name
// of v itself is empty.
func eachSwappable(v reflect.Value, attention bool, f func(name string, v reflect.Value)) {
	visitField(v, "", false, func(name string, v reflect.Value, _ bool) bool {
		switch v.Interface().(type) {
		case *Linear, *Conv2d:
			f(name, v)
			return false
		case *MultiheadAttention:
			if attention {
				f(join(name, "in_proj"), v)
			}
			return attention
		}
		return true
	})
}

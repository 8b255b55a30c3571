package nn

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/AlarioAI/bitnet/tensor"
)

// A Named is a tensor of a network under its state name.
type Named struct {
	Name string
	*tensor.Tensor
}

// Parameters returns the trainable tensors of a network in the order of its
// fields, under the names of PyTorch's state_dict. A field's name is its Go
// name in snake case (FC1 is fc1, RunningMean is running_mean) or what its tag
// state:"name=..." says; elements of a Sequence are named by their index; the
// fields of an embedded layer are named as if they stood in its place. A name
// that ends in _ takes the names below it without a dot: the elements of a
// Sequence with the tag state:"name=layer_" are layer_0, layer_1 and so on.
func Parameters(model Layer) []Named { return collectState(model, false) }

// Buffers returns the tensors that are state but not trained, such as running
// statistics: fields with the tag state:"buffer".
func Buffers(model Layer) []Named { return collectState(model, true) }

// State returns the parameters and then the buffers: all that a file of weights
// holds.
func State(model Layer) []Named { return append(Parameters(model), Buffers(model)...) }

// Tensors returns the tensors without their names.
func Tensors(named []Named) []*tensor.Tensor {
	all := make([]*tensor.Tensor, len(named))
	for i, n := range named {
		all[i] = n.Tensor
	}
	return all
}

// CountParameters returns the number of trainable values of a network.
func CountParameters(model Layer) int {
	n := 0
	for _, p := range Parameters(model) {
		n += len(p.Data)
	}
	return n
}

func collectState(model Layer, buffers bool) []Named {
	var all []Named
	walk(reflect.ValueOf(model), "", func(name string, v reflect.Value, isBuffer bool) bool {
		t, ok := v.Interface().(*tensor.Tensor)
		if ok && t != nil && isBuffer == buffers {
			all = append(all, Named{name, t})
		}
		return true
	})
	return all
}

// Holder returns the name of the layer or block that a tensor's state name
// belongs to.
func Holder(name string) string { return name[:max(0, strings.LastIndexByte(name, '.'))] }

// A Part is a layer, block or other piece of a network that is held by pointer.
type Part struct {
	Name  string // the prefix of its state names; empty for the network itself
	Value any    // the pointer; a Layer if it has a forward pass
}

// Parts lists the pieces of a network, each before those inside it, in the order
// of fields.
func Parts(model Layer) []Part {
	var all []Part
	visitField(reflect.ValueOf(&model).Elem(), "", false, func(name string, v reflect.Value, _ bool) bool {
		for v.Kind() == reflect.Interface && !v.IsNil() {
			v = v.Elem()
		}
		if v.Kind() == reflect.Pointer && !v.IsNil() && v.Type() != reflect.TypeFor[*tensor.Tensor]() {
			all = append(all, Part{name, v.Interface()})
		}
		return true
	})
	return all
}

// walk calls visit for every exported field and element below v, with its
// state name, and descends where visit returns true; never into a tensor.
func walk(v reflect.Value, prefix string, visit func(name string, v reflect.Value, buffer bool) bool) {
	if v.Type() == reflect.TypeFor[*tensor.Tensor]() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), prefix, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visitField(v.Index(i), join(prefix, strconv.Itoa(i)), false, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			if f.Anonymous {
				walk(v.Field(i), prefix, visit)
				continue
			}
			name, buffer := stateName(f)
			visitField(v.Field(i), join(prefix, name), buffer, visit)
		}
	}
}

func visitField(v reflect.Value, name string, buffer bool, visit func(string, reflect.Value, bool) bool) {
	if visit(name, v, buffer) {
		walk(v, name, visit)
	}
}

func join(prefix, name string) string {
	if prefix == "" || strings.HasSuffix(prefix, "_") {
		return prefix + name
	}
	return prefix + "." + name
}

func stateName(f reflect.StructField) (name string, buffer bool) {
	name = snake(f.Name)
	tag, tagged := f.Tag.Lookup("state")
	if !tagged {
		return name, false
	}
	for word := range strings.SplitSeq(tag, ",") {
		switch given, named := strings.CutPrefix(word, "name="); {
		case named:
			name = given
		case word == "buffer":
			buffer = true
		default:
			panic(fmt.Sprintf("nn: field %s has the tag state:%q, want buffer or name=...", f.Name, tag))
		}
	}
	return name, buffer
}

// snake turns RunningMean into running_mean, FC1 into fc1 and MLPHead into
// mlp_head.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Clone returns a copy of a network that shares no memory with it.
func Clone[M Layer](model M) M {
	return cloneValue(reflect.ValueOf(&model).Elem()).Interface().(M)
}

func cloneValue(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		return cloneValue(v.Elem()).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		if t, ok := v.Interface().(*tensor.Tensor); ok {
			c := t.Clone()
			c.NeedGrad = t.NeedGrad
			return reflect.ValueOf(c)
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(cloneValue(v.Elem()))
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(cloneValue(v.Index(i)))
		}
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.Field(i).Set(cloneValue(v.Field(i)))
			}
		}
		return c
	}
	return v
}

// Describe lists what a network consists of, a line for each layer, tensor
// shape and setting (such as a recipe or a stride) under its state name. Two
// networks with equal descriptions and equal tensors compute the same.
func Describe(model Layer) string {
	var b strings.Builder
	visitField(reflect.ValueOf(&model).Elem(), "", false, func(name string, v reflect.Value, _ bool) bool {
		for v.Kind() == reflect.Interface && !v.IsNil() {
			v = v.Elem()
		}
		switch x := v.Interface().(type) {
		case *tensor.Tensor:
			if x != nil {
				fmt.Fprintf(&b, "%s %v\n", name, x.Shape)
			}
			return false
		case Layer:
			fmt.Fprintf(&b, "%s %T\n", name, x)
			return true
		}
		if v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice { // a block that is no layer itself
			return true
		}
		fmt.Fprintf(&b, "%s %v\n", name, v.Interface())
		return false
	})
	return b.String()
}

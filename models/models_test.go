package models

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
)

func TestUnknownArchitectureNamesTheNearOnes(t *testing.T) {
	for name, want := range map[string]string{
		"lenet":                      `unknown architecture "lenet", did you mean lenet5?`,
		"feedfoward":                 `unknown architecture "feedfoward", did you mean feedforward?`,
		"torchvision.models.resnt18": `unknown architecture "torchvision.models.resnt18", did you mean resnet18?`,
		"":                           `unknown architecture "", have feedforward, lenet5, resnet18, `,
	} {
		if _, err := New(name, Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("New(%q): %v, want %s", name, err, want)
		}
	}
}

func TestOptions(t *testing.T) {
	colour := Options{Classes: 10, Channels: 3, Size: 224}
	with := func(change func(*Options)) Options {
		o := colour
		change(&o)
		return o
	}
	for _, c := range []struct {
		architecture string
		options      Options
		err          string // empty: none
	}{
		{"lenet5", with(func(o *Options) { o.Size = 11 }), "lenet5: size 11, want at least 12"},
		{"resnet18", with(func(o *Options) { o.Classes = 0 }), "resnet18: classes 0, channels 3, size 224, want all positive"},
		{"resnet18", with(func(o *Options) { o.Stem = StemCIFAR }), ""},
		{"resnet18", with(func(o *Options) { o.Stem = "patch" }), `resnet18: stem "patch", want cifar`},
		{"resnet18", with(func(o *Options) { o.Dropout = At(0.5) }), "resnet18: has no option dropout"},
		{"vit_b_16", with(func(o *Options) { o.Size = 220 }), "vit_b_16: size 220, want a multiple of 16, the size of a patch"},
		{"vit_b_16", with(func(o *Options) { o.Stem = StemCIFAR }), "vit_b_16: has no option stem"},
		{"crossvit", with(func(o *Options) { o.Size = 64 }), "crossvit: size 64, want a multiple of 14, the size of a patch"},
		{"convnext_tiny", with(func(o *Options) { o.Size = 28 }), "convnext_tiny: size 28, want at least 32"},
		{"convnext_tiny", with(func(o *Options) { o.DropPath = At(0) }), ""},
		{"efficientnet_b0", with(func(o *Options) { o.Dropout = At(1) }), "efficientnet_b0: dropout 1, want at least 0 and less than 1"},
		{"mobilenet_v2", with(func(o *Options) { o.Width = 0.5 }), ""},
		{"mobilenet_v2", with(func(o *Options) { o.Width = -1 }), "mobilenet_v2: width -1, want more than 0 and at most 16"},
		{"mobilenet_v3_small", with(func(o *Options) { o.Width = 0.5 }), "mobilenet_v3_small: has no option width"},
		{"torchvision.models.mobilenet_v2", colour, ""},
		{"bitnet.models.se_resnet.se_resnet50", colour, ""},
		{"bitnet.models.crossvit.crossvit_base", colour, ""},
	} {
		_, err := Blank(c.architecture, c.options)
		if got := fmt.Sprint(err); c.err == "" && err != nil || c.err != "" && got != c.err {
			t.Errorf("%s with %+v: %v, want %q", c.architecture, c.options, err, c.err)
		}
	}
}

// Options do what they say.
func TestOptionsChangeTheNetwork(t *testing.T) {
	blank := func(name string, o Options) nn.Layer {
		model, err := Blank(name, o)
		if err != nil {
			t.Fatal(err)
		}
		return model
	}
	o := Options{Classes: 10, Channels: 1, Size: 32, Stem: StemCIFAR}
	r := blank("resnet18", o).(*ResNet)
	if conv := r.Conv1.(*nn.Conv2d); conv.Geometry.Kernel != [2]int{3, 3} || conv.Geometry.Stride != [2]int{1, 1} || len(r.Pool) != 0 {
		t.Errorf("the stem for small images is %+v and %d poolings", conv.Geometry, len(r.Pool))
	}
	if shape := StateShapes(r)["conv1.weight"]; !slices.Equal(shape, []int{64, 1, 3, 3}) {
		t.Errorf("conv1 for grey images has shape %v", shape)
	}
	// torchvision: mobilenet_v2(width_mult=w) of 1000 classes.
	for w, want := range map[float64]int{0.5: 1968680, 0.75: 2636424, 1: 3504872, 1.4: 6108776} {
		if n := nn.CountParameters(blank("mobilenet_v2", Options{Classes: 1000, Channels: 3, Size: 224, Width: w})); n != want {
			t.Errorf("mobilenet_v2 of width %g has %d parameters, want %d", w, n, want)
		}
	}
	c := blank("convnext_tiny", Options{Classes: 10, Channels: 3, Size: 32, DropPath: At(0.34)}).(*ConvNeXt)
	last := c.Features[7].(nn.Sequence)[2].(*ConvNeXtBlock)
	if first := c.Features[1].(nn.Sequence)[0].(*ConvNeXtBlock); first.DropPath.P != 0 || last.DropPath.P != 0.34 {
		t.Errorf("drop path from %g to %g, want from 0 to 0.34", first.DropPath.P, last.DropPath.P)
	}
}

// The official parameter counts at 224 pixels and 1000 classes, from
// torchvision's weights (se_resnet50 and crossvit: the reference project's).
func TestOfficialParameterCounts(t *testing.T) {
	for name, want := range map[string]int{
		"resnet18": 11689512, "resnet34": 21797672, "resnet50": 25557032, "resnet101": 44549160, "resnet152": 60192808,
		"resnext50_32x4d": 25028904, "wide_resnet50_2": 68883240, "se_resnet50": 28071976,
		"convnext_tiny": 28589128, "convnext_small": 50223688, "convnext_base": 88591464,
		"efficientnet_b0": 5288548, "efficientnet_b1": 7794184, "efficientnet_b2": 9109994, "efficientnet_b3": 12233232,
		"mobilenet_v2": 3504872, "mobilenet_v3_small": 2542856, "mobilenet_v3_large": 5483032,
		"vit_b_16": 86567656, "vit_b_32": 88224232, "vit_l_16": 304326632, "crossvit": 7002128,
	} {
		e, err := Find(name)
		if err != nil {
			t.Error(err)
			continue
		}
		model, err := Blank(name, e.Default)
		if err != nil {
			t.Fatal(err)
		}
		if n := nn.CountParameters(model); n != want {
			t.Errorf("%s has %d parameters, want %d", name, n, want)
		}
	}
}

// Every recipe swaps every architecture: all linear layers and convolutions,
// and attention but for alario; less what is kept. Parameters stay the same.
func TestSwapEveryArchitecture(t *testing.T) {
	for _, e := range All() {
		fresh := func() nn.Layer {
			model, err := Blank(e.Name, e.Default)
			if err != nil {
				t.Fatal(err)
			}
			return model
		}
		all := nn.SwappableNames(fresh())
		shapes := StateShapes(fresh())
		for _, recipe := range quant.Recipes() {
			for _, keep := range [][]string{nil, {"first", "last"}, {"*"}, {all[0]}} {
				model := nn.Swap(fresh(), recipe, nn.Keep(keep...))
				if !maps.EqualFunc(StateShapes(model), shapes, slices.Equal) {
					t.Errorf("%s, %v, keep %q: the state has other names or shapes", e.Name, recipe, keep)
				}
				swapped := swappedNames(model)
				want := map[string]bool{}
				for i, name := range all {
					inAttention := strings.Contains(name, "self_attention")
					kept := len(keep) > 0 && (keep[0] == "*" || i == 0) || len(keep) == 2 && i == len(all)-1
					if recipe != quant.Float && !kept && !(recipe == quant.Alario && inAttention) {
						want[name] = true
					}
				}
				if !maps.Equal(swapped, want) {
					t.Errorf("%s, %v, keep %q: %d layers are swapped, want %d", e.Name, recipe, keep, len(swapped), len(want))
				}
			}
		}
	}
}

// swappedNames returns the names of the layers that are quantised.
func swappedNames(model nn.Layer) map[string]bool {
	names := map[string]bool{}
	for _, p := range nn.Parts(model) {
		switch l := p.Value.(type) {
		case *nn.BitLinear, *nn.BitConv2d:
			names[p.Name] = true
		case *nn.MultiheadAttention:
			if l.Recipe != quant.Float {
				names[p.Name+".in_proj"] = true
			}
		}
	}
	return names
}

func TestRecognise(t *testing.T) {
	for _, e := range All() {
		o := e.Default
		o.Classes = 7
		if e.Name == "resnet18" {
			o.Stem, o.Size, o.Channels = StemCIFAR, 32, 1
		}
		if slices.Contains(e.features, hasWidth) {
			o.Width = 1.4
		}
		model, err := Blank(e.Name, o)
		if err != nil {
			t.Fatal(err)
		}
		shapes := StateShapes(model)
		got, options, ok := Recognise(shapes)
		if !ok || got.Name != e.Name || options != o {
			t.Errorf("%s with %+v was recognised as %q with %+v", e.Name, o, got.Name, options)
		}
		for name := range shapes {
			delete(shapes, name)
			break
		}
		if got, _, ok := Recognise(shapes); ok {
			t.Errorf("%s without one tensor was recognised as %s", e.Name, got.Name)
		}
	}
	if e, _, ok := Recognise(nil); ok {
		t.Errorf("nothing was recognised as %s", e.Name)
	}
}

func TestRate(t *testing.T) {
	if got := At(0).or(0.5); got != 0 {
		t.Errorf("a rate of 0 is %g", got)
	}
	if got := (Rate{}).or(0.5); got != 0.5 {
		t.Errorf("no rate is %g", got)
	}
}

package summary

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
)

func of(t *testing.T, name string, o models.Options, recipe quant.Recipe, keep ...string) ([]Row, Totals) {
	t.Helper()
	model, err := models.Blank(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return Of(nn.Swap(model, recipe, nn.Keep(keep...)), o.Size, o.Channels)
}

// Multiply-accumulates of one image, in units of 1e9, as torchvision gives them
// for its weights (the key _ops of each; those of ViT and ConvNeXt count
// attention and no norms, as here).
func TestPublishedMACs(t *testing.T) {
	for name, want := range map[string]float64{
		"resnet18": 1.814, "resnet34": 3.664, "resnet50": 4.089, "resnet101": 7.801, "resnet152": 11.514,
		"resnext50_32x4d": 4.23, "wide_resnet50_2": 11.398,
		"convnext_tiny": 4.456, "convnext_small": 8.684, "convnext_base": 15.355,
		"efficientnet_b0": 0.386, "mobilenet_v2": 0.301, "mobilenet_v3_small": 0.057, "mobilenet_v3_large": 0.217,
		"vit_b_16": 17.564, "vit_b_32": 4.409, "vit_l_16": 61.555,
	} {
		e, err := models.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		_, totals := of(t, name, e.Default, quant.Float)
		if got := float64(totals.MACs) / 1e9; math.Abs(got-want) > 0.01*want+0.0005 {
			t.Errorf("%s: %.3f e9 multiply-accumulates, want %.3f", name, got, want)
		}
	}
}

// The rows of every architecture hold all its parameters, once.
func TestRowsAddUp(t *testing.T) {
	for _, e := range models.All() {
		model, err := models.Blank(e.Name, e.Default)
		if err != nil {
			t.Fatal(err)
		}
		want := nn.CountParameters(model)
		rows, totals := Of(nn.Swap(model, quant.B158), e.Default.Size, e.Default.Channels)
		if totals.Parameters != want {
			t.Errorf("%s: %d parameters, want %d", e.Name, totals.Parameters, want)
		}
		seen := map[string]bool{}
		for _, r := range rows {
			if seen[r.Name] {
				t.Errorf("%s: %s is there twice", e.Name, r.Name)
			}
			seen[r.Name] = true
		}
	}
}

func TestLeNet(t *testing.T) {
	o := models.Options{Classes: 10, Channels: 1, Size: 28}
	rows, totals := of(t, "lenet5", o, quant.B158, "layer1.0")
	var lines []string
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%s %s %v %d %d %v %.2f", r.Name, r.Type, r.Output, r.Parameters, r.MACs, r.Recipe, r.Bits))
	}
	want := []string{
		"layer1.0 Conv2d [28 28 6] 150 117600 float 32.00",
		"layer1.1 BatchNorm2d [28 28 6] 12 0 float 32.00",
		"layer2.0 BitConv2d [10 10 16] 2400 240000 b158 1.58",
		"layer2.1 BatchNorm2d [10 10 16] 32 0 float 32.00",
		"fc BitLinear [120] 48120 48000 b158 1.58",
		"fc1 BitLinear [84] 10164 10080 b158 1.58",
		"fc2 BitLinear [10] 850 840 b158 1.58",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("rows\n%q, want\n%q", lines, want)
	}
	codes := 2400 + 48000 + 10080 + 840 // weights
	rest := 4 * (150 + 12 + 32 + 214 + 44 + 4)
	if w := (Totals{Parameters: 61728, MACs: 416520, BytesFloat32: 4 * (61728 + 44), BytesPacked2: codes/4 + rest, BytesPacked16: codes/5 + rest}); totals != w {
		t.Errorf("totals %+v, want %+v", totals, w)
	}
}

// Attention counts its packed projections and its products; a parameter of a
// block has a row of its own.
func TestAttention(t *testing.T) {
	rows, _ := of(t, "vit_b_16", models.Options{Classes: 10, Channels: 3, Size: 64}, quant.B158)
	find := func(name string) Row {
		for _, r := range rows {
			if r.Name == name {
				return r
			}
		}
		t.Errorf("no row %s", name)
		return Row{}
	}
	const tokens, d = 17, 768
	a := find("encoder.layers.encoder_layer_0.self_attention")
	if want := 3*tokens*d*d + 2*tokens*tokens*d; a.MACs != want || a.Recipe != quant.B158 || a.Parameters != 3*d*d+3*d || !slices.Equal(a.Output, []int{tokens, d}) {
		t.Errorf("attention is %+v, want %d multiply-accumulates", a, want)
	}
	if p := find("encoder.pos_embedding"); p.Type != "Parameter" || p.Parameters != tokens*d || p.Output != nil {
		t.Errorf("positions are %+v", p)
	}
	if p := find("class_token"); p.Parameters != d {
		t.Errorf("class token is %+v", p)
	}
}

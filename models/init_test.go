package models

import (
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/nn"
)

// What torchvision's definitions draw, by state name.
type distribution struct {
	std   float64 // of a normal distribution; 0: none
	bound float64 // of a uniform distribution; 0: none
	value float64 // of a constant, where there is neither
}

// checkDistribution compares mean, variance and largest value of a tensor with
// those of the distribution, all within five standard errors.
func checkDistribution(t *testing.T, name string, values []float32, d distribution) {
	t.Helper()
	n := float64(len(values))
	mean, squares, largest := 0.0, 0.0, 0.0
	for _, v := range values {
		mean += float64(v) / n
		squares += float64(v) * float64(v) / n
		largest = max(largest, math.Abs(float64(v)))
	}
	variance, excess := d.std*d.std, 2.0 // variance of a squared normal draw, by that of the draw squared
	if d.bound > 0 {
		variance, excess = d.bound*d.bound/3, 0.8
	}
	switch {
	case d.std == 0 && d.bound == 0:
		if i := slices.IndexFunc(values, func(v float32) bool { return v != float32(d.value) }); i >= 0 {
			t.Errorf("%s: element %d is %g, want %g", name, i, values[i], d.value)
		}
		return
	case d.bound > 0 && largest > d.bound*(1+1e-6):
		t.Errorf("%s: largest %g, want at most %g", name, largest, d.bound)
	case d.bound > 0 && largest < d.bound*(1-20/n):
		t.Errorf("%s: largest %g, want just below %g", name, largest, d.bound)
	case d.std > 0 && largest < d.std*math.Sqrt(math.Log(n)):
		t.Errorf("%s: largest %g of %g values is too near for a normal distribution of deviation %g", name, largest, n, d.std)
	}
	if mean*mean > 25*variance/n {
		t.Errorf("%s: mean %g, want 0 within %g", name, mean, 5*math.Sqrt(variance/n))
	}
	if relative := squares/variance - 1; math.Abs(relative) > 5*math.Sqrt(excess/n) {
		t.Errorf("%s: variance %g, want %g", name, squares, variance)
	}
}

// kaimingOut is the deviation of kaiming_normal_(mode="fan_out").
func kaimingOut(out, kernel int) distribution {
	return distribution{std: math.Sqrt(2 / float64(out*kernel*kernel))}
}

// fanIn is PyTorch's default for linear layers and convolutions.
func fanIn(n int) distribution { return distribution{bound: 1 / math.Sqrt(float64(n))} }

func normal(std float64) distribution    { return distribution{std: std} }
func constant(v float64) distribution    { return distribution{value: v} }
func uniform(bound float64) distribution { return distribution{bound: bound} }

func TestInitialWeights(t *testing.T) {
	xavier := func(in, out int) distribution { return uniform(math.Sqrt(6 / float64(in+out))) }
	for _, c := range []struct {
		architecture string
		size         int
		want         map[string]distribution
	}{
		{"resnet18", 32, map[string]distribution{
			"conv1.weight": kaimingOut(64, 7), "layer2.0.conv1.weight": kaimingOut(128, 3), "layer4.0.downsample.0.weight": kaimingOut(512, 1),
			"bn1.weight": constant(1), "bn1.bias": constant(0), "bn1.running_mean": constant(0), "bn1.running_var": constant(1),
			"fc.weight": fanIn(512), "fc.bias": fanIn(512),
		}},
		{"resnext50_32x4d", 32, map[string]distribution{"layer1.0.conv2.weight": kaimingOut(128, 3)}},
		{"se_resnet50", 32, map[string]distribution{"layer1.0.conv_down.weight": kaimingOut(16, 1), "layer1.0.conv_up.weight": kaimingOut(256, 1)}},
		{"mobilenet_v2", 32, map[string]distribution{
			"features.0.0.weight": kaimingOut(32, 3), "features.8.conv.1.0.weight": kaimingOut(384, 3), "features.18.0.weight": kaimingOut(1280, 1),
			"classifier.1.weight": normal(0.01), "classifier.1.bias": constant(0),
		}},
		{"mobilenet_v3_small", 32, map[string]distribution{
			"features.4.block.2.fc1.weight": kaimingOut(24, 1), "features.4.block.2.fc1.bias": constant(0),
			"features.12.0.weight": kaimingOut(576, 1), "classifier.0.weight": normal(0.01), "classifier.3.weight": normal(0.01), "classifier.3.bias": constant(0),
		}},
		{"efficientnet_b0", 32, map[string]distribution{
			"features.8.0.weight": kaimingOut(1280, 1), "features.4.1.block.1.0.weight": kaimingOut(480, 3), "features.4.1.block.2.fc2.bias": constant(0),
			"classifier.1.weight": uniform(1 / math.Sqrt(1000)), "classifier.1.bias": constant(0),
		}},
		{"convnext_tiny", 32, map[string]distribution{
			"features.0.0.weight": normal(0.02), "features.0.0.bias": constant(0), "features.1.0.block.0.weight": normal(0.02),
			"features.3.0.block.3.weight": normal(0.02), "features.3.0.block.3.bias": constant(0), "features.3.0.layer_scale": constant(1e-6),
			"features.3.0.block.2.weight": constant(1), "classifier.2.weight": normal(0.02), "classifier.2.bias": constant(0),
		}},
		{"vit_b_32", 224, map[string]distribution{
			"class_token": constant(0), "conv_proj.weight": normal(math.Sqrt(1.0 / (3 * 32 * 32))), "conv_proj.bias": constant(0),
			"encoder.pos_embedding": normal(0.02),
			"encoder.layers.encoder_layer_3.self_attention.in_proj_weight": xavier(768, 3*768),
			"encoder.layers.encoder_layer_3.self_attention.in_proj_bias":   constant(0), "encoder.layers.encoder_layer_3.self_attention.out_proj.weight": fanIn(768),
			"encoder.layers.encoder_layer_3.self_attention.out_proj.bias": constant(0),
			"encoder.layers.encoder_layer_3.mlp.0.weight":                 xavier(768, 3072), "encoder.layers.encoder_layer_3.mlp.3.bias": normal(1e-6),
			"heads.head.weight": constant(0), "heads.head.bias": constant(0),
		}},
		{"crossvit", 112, map[string]distribution{
			"pos_embedding_small": normal(1), "cls_token_large": normal(1), "to_patch_embedding_small.1.weight": fanIn(588),
			"multi_scale_transformers.1.transformer_enc_large.layers.2.attention_layer.module.to_query_key_value.weight": fanIn(192),
			"multi_scale_transformers.1.transformer_enc_large.layers.2.feed_forward_layer.module.net.3.weight":           fanIn(768),
			"mlp_head_large.1.bias": fanIn(192),
		}},
	} {
		model := MustNew(c.architecture, Options{Classes: 1000, Channels: 3, Size: c.size, Seed: 1})
		state := map[string][]float32{}
		for _, s := range slices.Concat(nn.Parameters(model), nn.Buffers(model)) {
			state[s.Name] = s.Data
		}
		for name, d := range c.want {
			if values, ok := state[name]; !ok {
				t.Errorf("%s has no %s", c.architecture, name)
			} else {
				checkDistribution(t, c.architecture+" "+name, values, d)
			}
		}
	}
}

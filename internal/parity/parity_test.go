package parity

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/tensor"
)

func checksum(data []float32) uint32 {
	var b []byte
	for _, v := range data {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return crc32.ChecksumIEEE(b)
}

// The checksums are zlib.crc32(x.astype("<f4").tobytes()) of fill.py's arrays.
func TestFillEqualsPython(t *testing.T) {
	for _, test := range []struct {
		name string
		got  []float32
		want uint32
	}{
		{"uniform", Uniform("probe:fc1.weight", 1000), 0x65ca5559},
		{"input", Fill("input", Sqrt3, 0, 2, 1, 28, 28).Data, 0x3d08c49b},
		{"offset", Fill("x", 0.1, 1, 50).Data, 0xeb4ba5c4},
		{"linear weight", Parameter("fc1.weight", 100, 784).Data, 0xe7f81ce6},
		{"convolution weight", Parameter("layer1.0.weight", 6, 1, 5, 5).Data, 0x7dd5e17f},
		{"bias", Parameter("fc1.bias", 100).Data, 0xd6f6ea33},
		{"norm weight", Parameter("layer1.1.weight", 6).Data, 0xaf7dfaba},
		{"running variance", Parameter("layer1.1.running_var", 6).Data, 0xc9a3ce9f},
		{"running mean", Parameter("layer1.1.running_mean", 6).Data, 0xa7db7885},
		{"layer scale", Parameter("features.1.layer_scale", 96, 1, 1).Data, 0xbe833ca0},
		{"class token", Parameter("class_token", 1, 1, 768).Data, 0xe0af3ac9},
		{"embedding", Parameter("encoder.pos_embedding", 1, 5, 768).Data, 0x748feeac},
		{"no module", Parameter("s", 1).Data, 0xa1704130},
		{"beyond ASCII", Parameter("Grüße.weight", 7, 3).Data, 0x01daaecd},
	} {
		if got := checksum(test.got); got != test.want {
			t.Errorf("%s: checksum %08x, want %08x; begins with %v", test.name, got, test.want, test.got[0])
		}
	}
}

func TestLayoutRoundTrip(t *testing.T) {
	nchw := Fill("layout", 1, 0, 2, 3, 4, 5)
	nhwc := tensor.ChannelsLast(nchw)
	if want := tensor.Of(2, 4, 5, 3); nhwc.Shape != want {
		t.Fatalf("shape %v, want %v", nhwc.Shape, want)
	}
	for n := range 2 {
		for c := range 3 {
			for h := range 4 {
				for w := range 5 {
					got, want := nhwc.Data[((n*4+h)*5+w)*3+c], nchw.Data[((n*3+c)*4+h)*5+w]
					if got != want {
						t.Fatalf("[%d %d %d %d] = %v, want %v", n, h, w, c, got, want)
					}
				}
			}
		}
	}
	back := tensor.ChannelsFirst(nhwc)
	if back.Shape != nchw.Shape || !slices.Equal(back.Data, nchw.Data) {
		t.Error("ChannelsFirst does not undo ChannelsLast")
	}
	if flat := Fill("layout", 1, 0, 6, 4); tensor.ChannelsLast(flat) != flat || tensor.ChannelsFirst(flat) != flat {
		t.Error("a tensor without channels is not left alone")
	}
}

func TestLayers(t *testing.T) {
	cases := Layers(t)
	if len(cases) != 56 {
		t.Errorf("%d cases, want 56", len(cases))
	}
	for _, c := range cases {
		for name, a := range map[string]Array{
			"output": c.Output, "grad_input": c.GradInput, "grad_weight": c.GradWeight, "grad_bias": c.GradBias,
		} {
			n := tensor.Of(a.Shape...).Len()
			if name == "grad_bias" && !c.Args.Bias {
				n = 0
			}
			if len(a.F64) != n || len(a.F32) != n {
				t.Errorf("%s: %s has %d and %d elements, want %d", c.Name, name, len(a.F64), len(a.F32), n)
			}
			CheckArray(t, c.Name+" "+name, a.F32, a) // float32 itself keeps the bound
		}
	}
	i := slices.IndexFunc(cases, func(c LayerCase) bool { return c.Name == "conv2d_rectangle_b158" })
	want := Args{
		In: 3, Out: 4, Kernel: [2]int{1, 5}, Stride: [2]int{1, 2}, Padding: [2]int{0, 2},
		Dilation: [2]int{1, 1}, Groups: 1, Bias: true,
	}
	if cases[i].Args != want {
		t.Errorf("conv2d_rectangle_b158: %+v, want %+v", cases[i].Args, want)
	}
}

// TestLinearCase computes a case by hand, so that inputs, weights and golden
// figures are known to belong together.
func TestLinearCase(t *testing.T) {
	for _, c := range Layers(t) {
		if c.Layer != "linear" || c.Recipe != "float" {
			continue
		}
		x, w := c.Input(), c.Weight()
		var out []float64
		for row := range len(x.Data) / c.Args.In {
			for o := range c.Args.Out {
				sum := 0.0
				if c.Args.Bias {
					sum = float64(c.Bias().Data[o])
				}
				for k := range c.Args.In {
					sum += float64(x.Data[row*c.Args.In+k]) * float64(w.Data[o*c.Args.In+k])
				}
				out = append(out, sum)
			}
		}
		CheckArray(t, c.Name+" output", out, c.Output)
	}
}

func TestCompareArrayFails(t *testing.T) {
	want := Array{Shape: []int{2, 2}, F64: []float64{1, -2, 3, 4}, F32: []float64{1, -2, 3, 4.00001}}
	allowed := 1e-5*4 + 8*1e-5
	for _, test := range []struct {
		name string
		got  []float64
		ok   bool
	}{
		{"equal", []float64{1, -2, 3, 4}, true},
		{"just inside", []float64{1, -2 + 0.999*allowed, 3, 4}, true},
		{"just outside", []float64{1, -2 + 1.001*allowed, 3, 4}, false},
		{"swapped", []float64{-2, 1, 3, 4}, false},
		{"NaN", []float64{1, -2, math.NaN(), 4}, false},
		{"infinite", []float64{1, -2, 3, math.Inf(1)}, false},
		{"short", []float64{1, -2, 3}, false},
	} {
		if err := compareArray("x", test.got, want, 1e-5); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func float32s(rows [][]float64) []float32 {
	var out []float32
	for _, v := range slices.Concat(rows...) {
		out = append(out, float32(v))
	}
	return out
}

func TestModels(t *testing.T) {
	for _, name := range Models(t) {
		m := ReadModel(t, name)
		count := 0
		for _, shape := range m.Parameters {
			count += tensor.Of(shape...).Len()
		}
		if count != m.ParameterCount10 {
			t.Errorf("%s: parameters of %d elements, want %d", m.Name, count, m.ParameterCount10)
		}
		if got := m.Batch().Shape.Dim(0); got != len(Labels()) {
			t.Errorf("%s: batch of %d", m.Name, got)
		}
		for recipe, run := range m.Recipes { // float32 itself keeps every bound
			m.CheckLogits(t, recipe, float32s(run.F32.EvalLogits))
			m.CheckLosses(t, recipe, run.F32.AdamLosses)
			m.CheckDigests(t, recipe, run.F32.Gradients, run.F32.Buffers)
		}
	}
}

func TestModelChecksFail(t *testing.T) {
	for _, name := range []string{"feedforward", "lenet5_28"} { // the larger ones differ by more in float32 already
		m := ReadModel(t, name)
		for recipe, run := range m.Recipes {
			expect := func(what string, err error, message string) {
				t.Helper()
				if err == nil || !strings.Contains(err.Error(), message) {
					t.Errorf("%s %s, %s: error %v, want one with %q", m.Name, recipe, what, err, message)
				}
			}
			logits := float32s(run.F64.EvalLogits)
			slices.Reverse(logits)
			expect("reversed logits", m.compareLogits(recipe, logits), "logits: element")
			expect("few logits", m.compareLogits(recipe, logits[1:]), "19 elements, want 20")

			losses := slices.Clone(run.F64.AdamLosses)
			losses[0] += 0.02
			expect("first loss", m.compareLosses(recipe, losses), "loss 1 is")
			expect("few losses", m.compareLosses(recipe, losses[:2]), "2 losses, want 3")
			losses[0], losses[2] = run.F64.AdamLosses[0], math.NaN()
			expect("last loss", m.compareLosses(recipe, losses), "loss 3 is NaN")

			gradients := maps.Clone(run.F64.Gradients)
			for name, d := range gradients {
				gradients[name] = Digest{d[0], d[1] + 0.3*d[0]} // another layout
			}
			expect("other layout", m.compareDigests(recipe, gradients, run.F64.Buffers), "digests' errors")
			gradients = maps.Clone(run.F64.Gradients)
			gradients["fc1.weight"] = Digest{math.NaN(), 0}
			expect("NaN", m.compareDigests(recipe, gradients, run.F64.Buffers), "fc1.weight is not finite")
			delete(gradients, "fc1.weight")
			expect("missing", m.compareDigests(recipe, gradients, run.F64.Buffers), "no gradient fc1.weight")
			expect("surplus", m.compareDigests(recipe, run.F64.Gradients,
				map[string]Digest{"layer1.1.running_mean": {}, "layer1.1.running_var": {}, "layer2.1.running_mean": {},
					"layer2.1.running_var": {}, "extra": {}}), "is not in the golden file")
		}
		if err := m.compareLogits("b2", nil); err == nil {
			t.Errorf("%s: recipe b2 is accepted", m.Name)
		}
	}
}

// TestOneWrongGradient: where no code can flip, every single digest counts.
func TestOneWrongGradient(t *testing.T) {
	m := ReadModel(t, "lenet5_28")
	for _, recipe := range []string{"float", "alario"} {
		run := m.Recipes[recipe]
		gradients := maps.Clone(run.F64.Gradients)
		d := gradients["layer1.0.weight"]
		gradients["layer1.0.weight"] = Digest{d[0] * 1.05, d[1]}
		if m.compareDigests(recipe, gradients, run.F64.Buffers) == nil {
			t.Errorf("%s: a gradient 5 %% too long is accepted", recipe)
		}
	}
}

func TestDigestSeesOrder(t *testing.T) {
	data := Fill("digest", 1, 0, 64).Data
	d := DigestOf("fc.weight", data)
	var squares float64
	for _, v := range data {
		squares += float64(v) * float64(v)
	}
	if want := math.Sqrt(squares); d[0] != want {
		t.Errorf("norm %v, want %v", d[0], want)
	}
	data[3], data[40] = data[40], data[3]
	if swapped := DigestOf("fc.weight", data); swapped[1] == d[1] || math.Abs(swapped[0]-d[0]) > 1e-12 {
		t.Errorf("digest %v, after a swap %v", d, swapped)
	}
}

func TestQuantile(t *testing.T) {
	v := []float64{4, 1, 3, 2}
	for _, test := range []struct{ q, want float64 }{{0, 1}, {0.5, 2.5}, {0.9, 3.7}, {1, 4}} {
		if got := quantile(v, test.q); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("quantile %v is %v, want %v", test.q, got, test.want)
		}
	}
}

package weights

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

// Weights that torchvision saved, loaded strictly, give its logits; saved again
// in both formats, they load to the same bits. scripts/roundtrip.py makes the
// files; BITNET_ROUNDTRIP_DIR names a folder of others, where what was saved
// stays.
func TestRoundTrip(t *testing.T) {
	dir, out := os.Getenv("BITNET_ROUNDTRIP_DIR"), os.Getenv("BITNET_ROUNDTRIP_DIR")
	if dir == "" {
		dir, out = filepath.Join("testdata", "roundtrip"), t.TempDir()
	}
	inputs, err := filepath.Glob(filepath.Join(dir, "*.io.pth"))
	if err != nil || len(inputs) == 0 {
		t.Fatalf("%s: no *.io.pth, %v", dir, err)
	}
	for _, io := range inputs {
		name := strings.TrimSuffix(filepath.Base(io), ".io.pth")
		t.Run(name, func(t *testing.T) { checkRoundTrip(t, strings.TrimSuffix(io, ".io.pth"), filepath.Join(out, name)) })
	}
}

func checkRoundTrip(t *testing.T, in, out string) {
	network, model := open(t, in+".pth")
	x, want := array(t, in+".io.pth", "input"), array(t, in+".io.pth", "logits")
	got := model.Forward(nn.Eval(), tensor.ChannelsLast(x))
	largest := 0.0
	for i, v := range got.Data {
		largest = max(largest, math.Abs(float64(v-want.Data[i])))
	}
	t.Logf("%s: %s loaded strictly, logits differ by %.1e", in, network.Architecture, largest)
	if !(largest <= 1e-4) {
		t.Errorf("%s: logits differ by %g, want at most 1e-4", in, largest)
	}
	for _, suffix := range []string{".back.pth", ".back.safetensors"} {
		if err := Save(out+suffix, model, network); err != nil {
			t.Fatal(err)
		}
		again, back := open(t, out+suffix)
		if again.Architecture != network.Architecture || again.Options != network.Options {
			t.Errorf("%s is of %+v, want %+v", out+suffix, again, network)
		}
		for i, s := range slices.Concat(nn.Parameters(model), nn.Buffers(model)) {
			other := slices.Concat(nn.Parameters(back), nn.Buffers(back))[i]
			if s.Name != other.Name || !slices.Equal(s.Data, other.Data) {
				t.Errorf("%s: %s changed", out+suffix, s.Name)
			}
		}
	}
}

// open loads a file of weights into the network that it is of.
func open(t *testing.T, name string) (*Network, nn.Layer) {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	network, err := Identify(f, name)
	if err != nil {
		t.Fatal(err)
	}
	model, err := models.Blank(network.Architecture, network.Options)
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := Load(model, f, name, Options{})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%s: %v, warnings %q", name, err, warnings)
	}
	return network, model
}

func array(t *testing.T, file, name string) *tensor.Tensor {
	t.Helper()
	f, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shape, _ := f.Shape(name)
	x := tensor.New(shape...)
	if err := f.ReadInto(name, x.Data); err != nil {
		t.Fatal(err)
	}
	return x
}

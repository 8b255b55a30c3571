package weights

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/safetensors"
)

func lenet(classes int) *Network {
	return &Network{Architecture: "lenet5", Options: models.Options{Classes: classes, Channels: 1, Size: 28}}
}

func newModel(t *testing.T, n *Network, seed uint64) nn.Layer {
	t.Helper()
	o := n.Options
	o.Seed = seed
	model, err := models.New(n.Architecture, o)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// saved writes the weights of a new network and returns the file's name.
func saved(t *testing.T, n *Network, file string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), file)
	if err := Save(name, newModel(t, n, 1), n); err != nil {
		t.Fatal(err)
	}
	return name
}

// load loads a file into a new network of another seed.
func load(t *testing.T, n *Network, name string, o Options) (nn.Layer, []string, error) {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	model := newModel(t, n, 2)
	warnings, err := Load(model, f, name, o)
	return model, warnings, err
}

func values(model nn.Layer, name string) []float32 {
	for _, p := range nn.Parameters(model) {
		if p.Name == name {
			return p.Data
		}
	}
	return nil
}

func TestLoadIsStrict(t *testing.T) {
	whole := saved(t, lenet(10), "whole.safetensors")
	f, err := Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Without one tensor, with another and with a third of another shape.
	var tensors []safetensors.Tensor
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		data := make([]float32, length(shape))
		if err := f.ReadInto(name, data); err != nil {
			t.Fatal(err)
		}
		switch name {
		case "fc.bias":
			continue
		case "fc1.bias":
			shape, data = []int{83}, data[:83]
		}
		tensors = append(tensors, safetensors.Tensor{Name: name, Shape: shape, Data: data})
	}
	tensors = append(tensors, safetensors.Tensor{Name: "extra.weight", Shape: []int{1}, Data: []float32{1}})
	bad := filepath.Join(t.TempDir(), "bad.safetensors")
	if err := write(bad, tensors, nil); err != nil {
		t.Fatal(err)
	}
	model, _, err := load(t, lenet(10), bad, Options{})
	var m *Mismatch
	if !errors.As(err, &m) || !slices.Equal(m.Missing, []string{"fc.bias"}) || !slices.Equal(m.Unexpected, []string{"extra.weight"}) || len(m.Misshapen) != 1 {
		t.Fatalf("error %v", err)
	}
	want := bad + ": its tensors are not those of the network: 1 missing (fc.bias), 1 unexpected (extra.weight), 1 misshapen (fc1.bias has shape [83], want [84])"
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if !slices.Equal(values(model, "fc.weight"), values(newModel(t, lenet(10), 2), "fc.weight")) {
		t.Error("a file that does not match changed the network")
	}
}

func TestFreshHead(t *testing.T) {
	file := saved(t, lenet(10), "ten.pth")
	if _, _, err := load(t, lenet(7), file, Options{}); err == nil || !strings.Contains(err.Error(), "2 misshapen (fc2.weight has shape [10 84], want [7 84], fc2.bias has shape [10], want [7])") {
		t.Errorf("ten classes for seven: %v", err)
	}
	model, _, err := load(t, lenet(7), file, Options{FreshHead: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(values(model, "fc2.weight"), values(newModel(t, lenet(7), 2), "fc2.weight")) {
		t.Error("the head is not as it was initialised")
	}
	if !slices.Equal(values(model, "fc1.weight"), values(newModel(t, lenet(10), 1), "fc1.weight")) {
		t.Error("the other layers are not those of the file")
	}
	// Another body stays an error.
	large := &Network{Architecture: "lenet5", Options: models.Options{Classes: 7, Channels: 1, Size: 32}}
	if _, _, err := load(t, large, file, Options{FreshHead: true}); err == nil || !strings.Contains(err.Error(), "fc.weight has shape [120 400], want [120 576]") {
		t.Errorf("a body of another size: %v", err)
	}
	// Both of CrossViT's heads.
	cross := func(classes int) *Network {
		return &Network{Architecture: "crossvit", Options: models.Options{Classes: classes, Channels: 3, Size: 112}}
	}
	if _, _, err := load(t, cross(5), saved(t, cross(3), "cross.safetensors"), Options{FreshHead: true}); err != nil {
		t.Error(err)
	}
}

// A transformer takes weights for another size of image.
func TestPositionsForAnotherSize(t *testing.T) {
	cross := func(size int) *Network {
		return &Network{Architecture: "crossvit", Options: models.Options{Classes: 3, Channels: 3, Size: size}}
	}
	model, _, err := load(t, cross(224), saved(t, cross(112), "small.safetensors"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	small := newModel(t, cross(112), 1)
	name := "pos_embedding_large"
	from, to := values(small, name), values(model, name)
	d := 192
	corner := (len(to)/d - 1) * d
	if !slices.Equal(to[:2*d], from[:2*d]) || !slices.Equal(to[corner:], from[len(from)-d:]) {
		t.Error("the class token and the corners are not where they were")
	}
}

func TestNaNIsAWarning(t *testing.T) {
	n := lenet(10)
	model := newModel(t, n, 1)
	values(model, "fc1.bias")[3] = float32(math.NaN())
	name := filepath.Join(t.TempDir(), "nan.pth")
	if err := Save(name, model, n); err != nil {
		t.Fatal(err)
	}
	_, warnings, err := load(t, n, name, Options{})
	if want := []string{name + ": tensor fc1.bias: element 3 is NaN"}; err != nil || !slices.Equal(warnings, want) {
		t.Errorf("%v, warnings %q, want %q", err, warnings, want)
	}
}

// What is saved of a BitNet says so and is built again the same.
func TestNetworkIsNoted(t *testing.T) {
	n := lenet(10)
	n.Recipe, n.Keep = quant.B158, []string{"layer1.0", "last"}
	name := filepath.Join(t.TempDir(), "bit.safetensors")
	model := nn.Swap(newModel(t, n, 1), n.Recipe, nn.Keep(n.Keep...))
	if err := Save(name, model, n); err != nil {
		t.Fatal(err)
	}
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := Identify(f, name)
	if err != nil {
		t.Fatal(err)
	}
	again, err := got.Build()
	if err != nil {
		t.Fatal(err)
	}
	if nn.Describe(again) != nn.Describe(model) {
		t.Errorf("built again it is\n%s, want\n%s", nn.Describe(again), nn.Describe(model))
	}
}

func TestConvert(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join("testdata", "roundtrip", "mobilenet_v2.pth")
	first, second := filepath.Join(dir, "a.safetensors"), filepath.Join(dir, "b.pt")
	skipped, err := Convert(in, first)
	if err != nil || len(skipped) == 0 || !strings.HasSuffix(skipped[0], "num_batches_tracked") {
		t.Errorf("%v, skipped %q", err, skipped)
	}
	if skipped, err = Convert(first, second); err != nil || len(skipped) != 0 {
		t.Errorf("%v, skipped %q", err, skipped)
	}
	_, want := open(t, in)
	_, got := open(t, second)
	for i, p := range nn.Parameters(want) {
		if !slices.Equal(p.Data, nn.Parameters(got)[i].Data) {
			t.Errorf("%s changed", p.Name)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, path := range []string{
		filepath.Join(dir, "missing.pth"), dir, file("empty.safetensors", ""), file("text.pth", "weights"),
		file("half.pth", "PK\x03\x04"), file("pickle.pth", "\x80\x02}q\x00."),
	} {
		if f, err := Open(path); err == nil {
			f.Close()
			t.Errorf("%s was opened", path)
		} else if !strings.HasPrefix(err.Error(), path+": ") || strings.ContainsRune(err.Error(), '\n') {
			t.Errorf("error %q, want one line that begins with %s", err, path)
		}
	}
	f, err := Open(filepath.Join("testdata", "roundtrip", "mobilenet_v2.io.pth"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := Identify(f, "io"); err == nil {
		t.Errorf("two arrays were taken for %+v", n)
	}
}

package weights

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/AlarioAI/bitnet/internal/durable"
	"github.com/AlarioAI/bitnet/models"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/pth"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/safetensors"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Network says what network weights are of.
type Network struct {
	Architecture string         `json:"architecture"`
	Options      models.Options `json:"options"`
	Recipe       quant.Recipe   `json:"recipe"`
	Keep         []string       `json:"keep,omitempty"` // layers left in float
}

// Build returns the network with zeros for weights.
func (n *Network) Build() (nn.Layer, error) {
	model, err := models.Blank(n.Architecture, n.Options)
	if err != nil {
		return nil, err
	}
	if err := nn.CheckKeep(model, n.Keep...); err != nil {
		return nil, err
	}
	return nn.Swap(model, n.Recipe, nn.Keep(n.Keep...)), nil
}

// networkKey is the key of a safetensors file's metadata under which the
// network is described as JSON.
const networkKey = "bitnet"

// NetworkOf returns what a file that Save has written says of its network, or
// nil if it says nothing.
func NetworkOf(f File, name string) (*Network, error) {
	text, ok := f.Metadata()[networkKey]
	if !ok {
		return nil, nil
	}
	var n Network
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		return nil, fmt.Errorf("%s: metadata %s: %w", name, networkKey, err)
	}
	return &n, nil
}

// Save replaces a file by the weights of a network: a PyTorch state dict if its
// name ends in .pth or .pt, else safetensors, which also say what the network
// is, unless that is nil. A crash leaves the old file or the new one.
func Save(name string, model nn.Layer, network *Network) error {
	var tensors []safetensors.Tensor
	for _, s := range nn.State(model) {
		t := tensor.ChannelsFirst(s.Tensor)
		tensors = append(tensors, safetensors.Tensor{Name: s.Name, Shape: t.Shape.Dims(), Data: t.Data})
	}
	return write(name, tensors, network)
}

func write(name string, tensors []safetensors.Tensor, network *Network) error {
	if ext := filepath.Ext(name); ext == ".pth" || ext == ".pt" {
		return durable.WriteFile(name, 0o666, func(w io.Writer) error { return pth.Write(w, tensors) })
	}
	metadata := map[string]string{"format": "pt"} // what PyTorch's tools look for
	if network != nil {
		text, err := json.Marshal(network)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		metadata[networkKey] = string(text)
	}
	return durable.WriteFile(name, 0o666, func(w io.Writer) error { return safetensors.Write(w, tensors, metadata) })
}

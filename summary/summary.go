// Package summary lists what a network consists of: its layers, with their
// output shapes, parameters, work and size.
package summary

import (
	"reflect"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A Row is one layer with parameters or with work of its own, or a parameter
// that belongs to a block and no layer in it.
type Row struct {
	Name       string       `json:"name"` // state name
	Type       string       `json:"type"`
	Output     []int        `json:"output"` // shape for one image without the sample's axis, channels last; nil where there is none
	Parameters int          `json:"parameters"`
	MACs       int          `json:"macs"` // multiply-accumulates of products for one image
	Recipe     quant.Recipe `json:"recipe"`
	Bits       float64      `json:"bits"` // of a weight; log2(3) = 1.58 where it is ternary

	buffers int // values of buffers
	codes   int // weights that are codes
	scales  int // scales that codes need
}

// Totals are those of a whole network. Sizes are in bytes and hold parameters
// and buffers; in the packed ones, weights that are codes take so many bits and
// everything else, a scale for each quantised weight included, 32.
type Totals struct {
	Parameters   int `json:"parameters"`
	MACs         int `json:"macs"`
	BytesFloat32 int `json:"bytes_float32"`
	BytesPacked2 int `json:"bytes_packed_2_bits"`
	// Five ternary codes fit into a byte: 3^5 = 243.
	BytesPacked16 int `json:"bytes_packed_1.6_bits"`
}

// Of returns the rows of a network, in the order of its state, and their
// totals, for images of so many rows and columns. It runs the network without
// computing anything, so weights need no values.
func Of(model nn.Layer, size, channels int) ([]Row, Totals) {
	type work struct {
		output   []int
		products int
	}
	done := map[nn.Layer]*work{}
	ctx := &nn.Context{Tape: autograd.Dry(), Trace: func(l nn.Layer, y tensor.Shape, products int) {
		w := done[l]
		if w == nil {
			w = &work{output: y.Dims()[1:]}
			done[l] = w
		}
		w.products += products // a layer may be used more than once
	}}
	model.Forward(ctx, tensor.New(1, size, size, channels))

	held := map[string][]nn.Named{} // tensors by their holder
	buffers := map[string]int{}
	for _, p := range nn.Parameters(model) {
		held[nn.Holder(p.Name)] = append(held[nn.Holder(p.Name)], p)
	}
	for _, b := range nn.Buffers(model) {
		buffers[nn.Holder(b.Name)] += len(b.Data)
	}
	var rows []Row
	for _, part := range nn.Parts(model) {
		layer, _ := part.Value.(nn.Layer)
		w := done[layer]
		if layer == nil || w == nil {
			for _, p := range held[part.Name] {
				rows = append(rows, Row{Name: p.Name, Type: "Parameter", Parameters: len(p.Data), Bits: 32})
			}
			continue
		}
		r := Row{Name: part.Name, Type: typeName(layer), Output: w.output, MACs: w.products, buffers: buffers[part.Name]}
		for _, p := range held[part.Name] {
			r.Parameters += len(p.Data)
		}
		r.quantise(layer)
		rows = append(rows, r)
	}
	return rows, total(rows)
}

// quantise enters the recipe of a layer.
func (r *Row) quantise(layer nn.Layer) {
	switch l := layer.(type) {
	case *nn.BitLinear:
		r.Recipe, r.codes, r.scales = l.Recipe, len(l.Weight.Data), 1
	case *nn.BitConv2d:
		r.Recipe, r.codes, r.scales = l.Recipe, len(l.Weight.Data), 1
	case *nn.MultiheadAttention:
		if l.Recipe != quant.Float {
			r.Recipe, r.codes, r.scales = l.Recipe, len(l.InProjWeight.Data), 3
		}
	}
	r.Bits = r.Recipe.Bits()
}

func total(rows []Row) Totals {
	var t Totals
	codes, scales, values := 0, 0, 0
	for _, r := range rows {
		t.Parameters += r.Parameters
		t.MACs += r.MACs
		values += r.Parameters + r.buffers
		codes += r.codes
		scales += r.scales
	}
	rest := 4 * (values - codes + scales)
	t.BytesFloat32 = 4 * values
	t.BytesPacked2 = rest + (codes+3)/4
	t.BytesPacked16 = rest + (codes+4)/5
	return t
}

// typeName returns the name of a layer's type without its package.
func typeName(layer nn.Layer) string {
	return reflect.TypeOf(layer).Elem().Name()
}

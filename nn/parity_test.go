package nn

import (
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/internal/parity"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// Every layer case of the golden files: output and all three gradients.
func TestLayerParity(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, level := range cpu.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			for _, c := range parity.Layers(t) {
				t.Run(c.Name, func(t *testing.T) { checkLayer(t, workers, &c) })
			}
		})
	}
}

func checkLayer(t *testing.T, workers *parallel.Pool, c *parity.LayerCase) {
	recipe, err := quant.Parse(c.Recipe)
	if err != nil {
		t.Fatal(err)
	}
	opts := []Option{}
	if !c.Args.Bias {
		opts = append(opts, NoBias())
	}
	var layer Layer
	var weight, bias **tensor.Tensor
	if c.Layer == "linear" {
		l := NewBitLinear(recipe, c.Args.In, c.Args.Out, opts...)
		layer, weight, bias = l, &l.Weight, &l.Bias
	} else {
		a := c.Args
		opts = append(opts, Kernel(a.Kernel[:]...), Stride(a.Stride[:]...), Pad(a.Padding[:]...), Dilation(a.Dilation[:]...), Groups(a.Groups))
		l := NewBitConv2d(recipe, a.In, a.Out, opts...)
		layer, weight, bias = l, &l.Weight, &l.Bias
	}
	*weight = parameter(parity.ChannelsLast(c.Weight()))
	if c.Args.Bias {
		*bias = parameter(c.Bias())
	}

	x := parameter(parity.ChannelsLast(c.Input()))
	tape := autograd.NewTape(workers)
	y := layer.Forward(&Context{Tape: tape, Training: true}, x)
	tape.BackwardFrom(y, parity.ChannelsLast(c.GradOutput()).Data)
	parity.CheckArray(t, "output", parity.ChannelsFirst(y).Data, c.Output)
	parity.CheckArray(t, "input gradient", parity.ChannelsFirst(gradOf(x)).Data, c.GradInput)
	parity.CheckArray(t, "weight gradient", parity.ChannelsFirst(gradOf(*weight)).Data, c.GradWeight)
	if c.Args.Bias {
		parity.CheckArray(t, "bias gradient", (*bias).Grad, c.GradBias)
	}
}

func gradOf(x *tensor.Tensor) *tensor.Tensor {
	return &tensor.Tensor{Shape: x.Shape, Data: x.Grad}
}

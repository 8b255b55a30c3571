package nn_test

import (
	"fmt"

	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A ternary convolution over a batch of 64 colour images of 32x32 pixels.
func ExampleNewBitConv2d() {
	rng := tensor.NewStream(53, "example")
	layer := nn.NewBitConv2d(quant.B158, 3, 16, nn.Kernel(3), nn.Stride(1), nn.Pad(1), nn.NoBias(), nn.Init(rng))
	out := layer.Forward(nn.Eval(), tensor.Normal(rng, 64, 32, 32, 3))
	fmt.Println(out.Shape)
	// Output: (64, 32, 32, 16)
}

// Twins: a float network and its copy with ternary layers, the first of them
// left in float.
func ExampleSwap() {
	rng := nn.Init(tensor.NewStream(53, "example"))
	float := nn.Sequence{nn.NewLinear(784, 100, rng), nn.ReLU{}, nn.NewLinear(100, 10, rng)}
	bit := nn.Swap(nn.Clone(float), quant.B158, nn.Keep("first"))
	for i := range bit {
		fmt.Printf("%T\n", bit[i])
	}
	fmt.Println(nn.CountParameters(float), nn.CountParameters(bit))
	// Output:
	// *nn.Linear
	// nn.ReLU
	// *nn.BitLinear
	// 79510 79510
}

package train

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

// checkLastBatch returns an error if the last batch of an epoch has one image
// and that is too little for some batch norm: in training it wants more than one
// value for each channel, so an image of more than one pixel where it stands.
func checkLastBatch(model nn.Layer, images, batch int, shape tensor.Shape) error {
	if images%batch != 1 && batch != 1 {
		return nil
	}
	alone := map[nn.Layer]bool{} // batch norms that see one pixel
	ctx := &nn.Context{Tape: autograd.Dry(), Trace: func(l nn.Layer, y tensor.Shape, _ int) {
		if _, ok := l.(*nn.BatchNorm2d); ok && y.Dim(1)*y.Dim(2) == 1 {
			alone[l] = true
		}
	}}
	model.Forward(ctx, tensor.Zeros(shape))
	for _, p := range nn.Parts(model) {
		if l, ok := p.Value.(nn.Layer); ok && alone[l] {
			return fmt.Errorf("batch size %d: the last of %d training images would be alone in a batch, with one pixel at the batch norm %s; want another batch size",
				batch, images, p.Name)
		}
	}
	return nil
}

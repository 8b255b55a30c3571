package weights

import (
	"math"

	"github.com/AlarioAI/bitnet/tensor"
)

// canInterpolate tells whether one shape of position embeddings can be made of
// another: (1, 1+S*S, D) of (1, 1+R*R, D).
func canInterpolate(from, to []int) bool {
	return len(from) == 3 && len(to) == 3 && from[0] == 1 && to[0] == 1 && from[2] == to[2] && isGrid(from[1]-1) && isGrid(to[1]-1)
}

func side(patches int) int { return int(math.Round(math.Sqrt(float64(patches)))) }

func isGrid(patches int) bool { return patches > 0 && side(patches)*side(patches) == patches }

// interpolatePositions makes embeddings of the given number of tokens from
// others: the class token's stays, those of the patches, seen as an image, are
// interpolated bicubically with the corners of both images on top of each
// other. PyTorch: torchvision.models.vision_transformer.interpolate_embeddings.
func interpolatePositions(t *tensor.Tensor, tokens int) *tensor.Tensor {
	d, from, to := t.Shape.Dim(2), side(t.Shape.Dim(1)-1), side(tokens-1)
	out := tensor.New(1, tokens, d)
	copy(out.Data, t.Data[:d])
	at := func(row, column int) []float32 {
		row, column = min(max(row, 0), from-1), min(max(column, 0), from-1)
		return t.Data[(1+row*from+column)*d:][:d]
	}
	for i := range to {
		row, rows := cubic(i, from, to)
		for j := range to {
			column, columns := cubic(j, from, to)
			dst := out.Data[(1+i*to+j)*d:][:d]
			for a, wr := range rows {
				for b, wc := range columns {
					w := float32(wr * wc)
					for c, v := range at(row+a-1, column+b-1) {
						dst[c] += float32(w * v)
					}
				}
			}
		}
	}
	return out
}

// cubic returns which position an output position falls behind, and the weights
// of the four around it: cubic convolution with a = -0.75 (Keys, 1981), as
// PyTorch's bicubic mode with align_corners=True.
func cubic(i, from, to int) (first int, weights [4]float64) {
	x := 0.0
	if to > 1 {
		x = float64(i) * float64(from-1) / float64(to-1)
	}
	first = int(x)
	const a = -0.75
	near := func(d float64) float64 { return ((a+2)*d-(a+3))*d*d + 1 }
	far := func(d float64) float64 { return ((a*d-5*a)*d+8*a)*d - 4*a }
	t := x - float64(first)
	return first, [4]float64{far(1 + t), near(t), near(1 - t), far(2 - t)}
}

package nn

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// A MultiheadAttention is self-attention over tokens (N, T, D) (Vaswani et al.,
// arXiv 1706.03762), as torch.nn.MultiheadAttention with batch_first=True: with
// the rows of InProj in three parts for query, key and value,
//
//	q, k, v = x Wq^T + bq, x Wk^T + bk, x Wv^T + bv
//	y       = OutProj(attention(q, k, v))
//
// where attention is autograd.Attention.
type MultiheadAttention struct {
	InProjWeight *tensor.Tensor // (3D, D)
	InProjBias   *tensor.Tensor // (3D)
	OutProj      Layer          // D to D
	Heads        int

	// Recipe quantises the three input projections, each with a scale of its
	// own. That of the output projection is OutProj's.
	Recipe quant.Recipe
}

// NewMultiheadAttention returns a self-attention of d features in so many
// heads, with the initial weights of torch.nn.MultiheadAttention. Options: Init.
func NewMultiheadAttention(d, heads int, opts ...Option) *MultiheadAttention {
	if heads < 1 || d < 1 || d%heads != 0 {
		panic(fmt.Sprintf("nn.NewMultiheadAttention: %d features in %d heads", d, heads))
	}
	rng := collect(opts).rng
	return &MultiheadAttention{
		InProjWeight: NewParameter(rng, XavierUniform(), 3*d, d),
		InProjBias:   NewParameter(rng, Constant(0), 3*d),
		OutProj:      NewLinear(d, d, Init(rng), Biases(Constant(0))),
		Heads:        heads,
	}
}

// Forward computes the layer.
func (a *MultiheadAttention) Forward(ctx *Context, x *tensor.Tensor) *tensor.Tensor {
	var qkv [3]*tensor.Tensor
	for i := range qkv {
		w, b := autograd.Part(ctx.Tape, a.InProjWeight, i, len(qkv)), autograd.Part(ctx.Tape, a.InProjBias, i, len(qkv))
		qkv[i] = a.Recipe.Linear(ctx.Tape, x, w, b)
	}
	y := autograd.Attention(ctx.Tape, qkv[0], qkv[1], qkv[2], a.Heads)
	ctx.note(a, y, x.Shape.Len()*a.InProjWeight.Shape.Dim(0)+attentionProducts(qkv[0], qkv[1]))
	return a.OutProj.Forward(ctx, y)
}

// Attend computes autograd.Attention for a layer that has projections of its own.
func Attend(ctx *Context, layer Layer, q, k, v *tensor.Tensor, heads int) *tensor.Tensor {
	return ctx.note(layer, autograd.Attention(ctx.Tape, q, k, v, heads), attentionProducts(q, k))
}

// attentionProducts returns the multiply-accumulates of q k^T and of p v for
// queries (N, Tq, D) and keys (N, Tk, D).
func attentionProducts(q, k *tensor.Tensor) int { return 2 * q.Shape.Len() * k.Shape.Dim(1) }

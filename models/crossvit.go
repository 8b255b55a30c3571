package models

import (
	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func crossViTEntry() Entry {
	return Entry{
		Name: "crossvit", Origin: "bitnet.models.crossvit.crossvit_base",
		About:   "vision transformer over patches of two sizes (Chen et al., arXiv 2103.14899), for multiples of 112 pixels",
		Default: imageNet(), features: []feature{hasDropout},
		signs: signs{head: "mlp_head_large.1.weight", first: "to_patch_embedding_large.1.weight", infer: func(o *Options, first []int, shapes map[string][]int) {
			patch := crossViTLarge().patch
			o.Channels = first[1] / (patch * patch)
			if p := shapes["pos_embedding_large"]; len(p) == 3 {
				o.Size = squareRoot(p[1]-1) * patch
			}
		}},
		build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
			for _, b := range [...]crossViTBranch{crossViTSmall(), crossViTLarge()} {
				if err := divisible(o.Size, b.patch); err != nil {
					return nil, err
				}
			}
			return newCrossViT(o, rng), nil
		},
	}
}

// A crossViTBranch is the shape of one of the two branches.
type crossViTBranch struct{ patch, d, depth int }

// The reference project's settings.

func crossViTSmall() crossViTBranch { return crossViTBranch{patch: 14, d: 96, depth: 1} }
func crossViTLarge() crossViTBranch { return crossViTBranch{patch: 16, d: 192, depth: 4} }

const (
	crossViTHeads  = 3
	crossViTScales = 3 // multi-scale encoders
	crossViTWiden  = 4 // of a feed-forward layer
)

// A CrossViT is the network of Chen et al., "CrossViT: Cross-Attention
// Multi-Scale Vision Transformer for Image Classification", arXiv 2103.14899,
// as the reference project defines it: two branches, of small and of large
// patches, whose class tokens attend to the other's patches; the logits of both
// are added.
type CrossViT struct {
	PosEmbeddingSmall, ClsTokenSmall *tensor.Tensor // (1, 1 + patches, D), (1, 1, D)
	PosEmbeddingLarge, ClsTokenLarge *tensor.Tensor
	ToPatchEmbeddingSmall            nn.Sequence
	ToPatchEmbeddingLarge            nn.Sequence
	MultiScaleTransformers           []*MultiScaleEncoder
	MLPHeadSmall, MLPHeadLarge       nn.Sequence
}

func newCrossViT(o Options, rng *tensor.Stream) *CrossViT {
	net := &CrossViT{}
	branch := func(b crossViTBranch) (position, class *tensor.Tensor, embedding, head nn.Sequence) {
		patches := o.Size / b.patch * (o.Size / b.patch)
		embedding = nn.Sequence{nn.Patches{Size: b.patch}, nn.NewLinear(b.patch*b.patch*o.Channels, b.d, nn.Init(rng))}
		position = nn.NewParameter(rng, nn.Normal(1), 1, 1+patches, b.d)
		class = nn.NewParameter(rng, nn.Normal(1), 1, 1, b.d)
		head = nn.Sequence{nn.NewLayerNorm(b.d), nn.NewLinear(b.d, o.Classes, nn.Init(rng))}
		return position, class, embedding, head
	}
	net.PosEmbeddingSmall, net.ClsTokenSmall, net.ToPatchEmbeddingSmall, net.MLPHeadSmall = branch(crossViTSmall())
	net.PosEmbeddingLarge, net.ClsTokenLarge, net.ToPatchEmbeddingLarge, net.MLPHeadLarge = branch(crossViTLarge())
	dropout := nn.Dropout{P: float32(o.Dropout.or(0))}
	for range crossViTScales {
		net.MultiScaleTransformers = append(net.MultiScaleTransformers, newMultiScaleEncoder(rng, dropout))
	}
	return net
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (c *CrossViT) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	t := ctx.Tape
	small := autograd.Embed(t, c.ToPatchEmbeddingSmall.Forward(ctx, x), c.ClsTokenSmall, c.PosEmbeddingSmall)
	large := autograd.Embed(t, c.ToPatchEmbeddingLarge.Forward(ctx, x), c.ClsTokenLarge, c.PosEmbeddingLarge)
	for _, scale := range c.MultiScaleTransformers {
		small, large = scale.forward(ctx, small, large)
	}
	logits := func(head nn.Sequence, x *tensor.Tensor) *tensor.Tensor {
		return head.Forward(ctx, autograd.Reshape(t, autograd.Narrow(t, x, 0, 1), x.Shape.Dim(0), x.Shape.Dim(2)))
	}
	return autograd.Add(t, logits(c.MLPHeadSmall, small), logits(c.MLPHeadLarge, large))
}

// PositionEmbeddings returns the names of the embeddings that depend on the size
// of the image.
func (c *CrossViT) PositionEmbeddings() []string {
	return []string{"pos_embedding_small", "pos_embedding_large"}
}

// Heads returns the names of the layers whose logits are added.
func (c *CrossViT) Heads() []string { return []string{"mlp_head_small.1", "mlp_head_large.1"} }

// A MultiScaleEncoder runs a transformer over either branch and then lets the
// class token of each attend to the patches of the other.
type MultiScaleEncoder struct {
	TransformerEncSmall, TransformerEncLarge *TokenTransformer

	// CrossAttnLayers hold, in the order of the reference project: the class
	// token of the small branch to the width of the large and back (0, 1) around
	// its attention (2), and that of the large branch to the width of the small
	// and back (3, 4) around its own (5).
	CrossAttnLayers []nn.Sequence
}

func newMultiScaleEncoder(rng *tensor.Stream, dropout nn.Dropout) *MultiScaleEncoder {
	small, large := crossViTSmall().d, crossViTLarge().d
	linear := func(in, out int) nn.Layer { return nn.NewLinear(in, out, nn.Init(rng)) }
	return &MultiScaleEncoder{
		TransformerEncSmall: newTokenTransformer(rng, crossViTSmall()),
		TransformerEncLarge: newTokenTransformer(rng, crossViTLarge()),
		CrossAttnLayers: []nn.Sequence{{
			linear(small, large), linear(large, small), &PreNorm{nn.NewLayerNorm(large), newCrossAttention(rng, large, dropout)},
			linear(large, small), linear(small, large), &PreNorm{nn.NewLayerNorm(small), newCrossAttention(rng, small, dropout)},
		}},
	}
}

func (m *MultiScaleEncoder) forward(ctx *nn.Context, small, large *tensor.Tensor) (newSmall, newLarge *tensor.Tensor) {
	small = m.TransformerEncSmall.Forward(ctx, small)
	large = m.TransformerEncLarge.Forward(ctx, large)
	for _, l := range m.CrossAttnLayers {
		small, large = exchange(ctx, small, large, l[0], l[1], l[2]), exchange(ctx, large, small, l[3], l[4], l[5])
	}
	return small, large
}

// exchange lets the class token of one branch x attend to the patches of the
// other (figure 4):
//
//	q = in(x[0])    x'[0] = out(q + attention(q, other[1:]))    x'[1:] = x[1:]
func exchange(ctx *nn.Context, x, other *tensor.Tensor, in, out, attention nn.Layer) *tensor.Tensor {
	t := ctx.Tape
	q := in.Forward(ctx, autograd.Narrow(t, x, 0, 1))
	attended := attention.Forward(ctx, autograd.Concat(t, q, autograd.Narrow(t, other, 1, other.Shape.Dim(1)-1)))
	class := out.Forward(ctx, autograd.Add(t, q, attended))
	return autograd.Concat(t, class, autograd.Narrow(t, x, 1, x.Shape.Dim(1)-1))
}

// A TokenTransformer is a stack of transformer layers.
type TokenTransformer struct{ Layers nn.Sequence }

func newTokenTransformer(rng *tensor.Stream, b crossViTBranch) *TokenTransformer {
	t := &TokenTransformer{}
	for range b.depth {
		t.Layers = append(t.Layers, &TransformerLayer{
			AttentionLayer:   &PreNorm{nn.NewLayerNorm(b.d), newTokenAttention(rng, b.d)},
			FeedForwardLayer: &PreNorm{nn.NewLayerNorm(b.d), newTokenFeedForward(rng, b.d)},
		})
	}
	return t
}

// Forward applies the layers.
func (t *TokenTransformer) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return t.Layers.Forward(ctx, x)
}

// A TransformerLayer adds what attention and a perceptron say to its tokens.
type TransformerLayer struct{ AttentionLayer, FeedForwardLayer *PreNorm }

// Forward computes the layer.
func (l *TransformerLayer) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	x = autograd.Add(ctx.Tape, l.AttentionLayer.Forward(ctx, x), x)
	return autograd.Add(ctx.Tape, l.FeedForwardLayer.Forward(ctx, x), x)
}

// A PreNorm is a module with a layer norm in front.
type PreNorm struct {
	Norm   *nn.LayerNorm
	Module nn.Layer
}

// Forward computes Module(Norm(x)).
func (p *PreNorm) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return p.Module.Forward(ctx, p.Norm.Forward(ctx, x))
}

// A TokenFeedForward is the perceptron of a transformer layer.
type TokenFeedForward struct{ Net nn.Sequence }

func newTokenFeedForward(rng *tensor.Stream, d int) *TokenFeedForward {
	return &TokenFeedForward{nn.Sequence{
		nn.NewLinear(d, crossViTWiden*d, nn.Init(rng)), nn.GELU{}, nn.Dropout{},
		nn.NewLinear(crossViTWiden*d, d, nn.Init(rng)), nn.Dropout{},
	}}
}

// Forward computes the perceptron.
func (f *TokenFeedForward) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	return f.Net.Forward(ctx, x)
}

// A TokenAttention is self-attention whose three projections are one linear
// layer without bias, with one scale where it is quantised.
type TokenAttention struct {
	ToQueryKeyValue nn.Layer
	ToOut           nn.Sequence
}

func newTokenAttention(rng *tensor.Stream, d int) *TokenAttention {
	return &TokenAttention{
		ToQueryKeyValue: nn.NewLinear(d, 3*d, nn.NoBias(), nn.Init(rng)),
		ToOut:           nn.Sequence{nn.NewLinear(d, d, nn.Init(rng)), nn.Dropout{}},
	}
}

// Forward computes the attention.
func (a *TokenAttention) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	t := ctx.Tape
	qkv := a.ToQueryKeyValue.Forward(ctx, x)
	q, k, v := autograd.Chunk(t, qkv, 0, 3), autograd.Chunk(t, qkv, 1, 3), autograd.Chunk(t, qkv, 2, 3)
	return a.ToOut.Forward(ctx, nn.Attend(ctx, a, q, k, v, crossViTHeads))
}

// A CrossAttention lets the first token attend to all.
type CrossAttention struct {
	ToKey, ToValue, ToQuery nn.Layer
	ToOut                   nn.Sequence
}

func newCrossAttention(rng *tensor.Stream, d int, dropout nn.Dropout) *CrossAttention {
	linear := func() nn.Layer { return nn.NewLinear(d, d, nn.NoBias(), nn.Init(rng)) }
	return &CrossAttention{
		ToKey: linear(), ToValue: linear(), ToQuery: linear(),
		ToOut: nn.Sequence{nn.NewLinear(d, d, nn.Init(rng)), dropout},
	}
}

// Forward computes the attention of the first token: (N, 1, D).
func (a *CrossAttention) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	k, v := a.ToKey.Forward(ctx, x), a.ToValue.Forward(ctx, x)
	q := a.ToQuery.Forward(ctx, autograd.Narrow(ctx.Tape, x, 0, 1))
	return a.ToOut.Forward(ctx, nn.Attend(ctx, a, q, k, v, crossViTHeads))
}

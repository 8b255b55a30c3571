package models

import (
	"math"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/tensor"
)

func visionTransformerEntries() []Entry {
	entry := func(name string, v vitShape) Entry {
		return Entry{
			Name: name, Origin: "torchvision.models." + name,
			About:   "vision transformer (Dosovitskiy et al., arXiv 2010.11929), for multiples of its patch size",
			Default: imageNet(), features: []feature{hasDropout},
			signs: signs{head: "heads.head.weight", first: "conv_proj.weight", infer: func(o *Options, first []int, shapes map[string][]int) {
				o.Channels = first[1]
				if p := shapes["encoder.pos_embedding"]; len(p) == 3 {
					o.Size = squareRoot(p[1]-1) * v.patch
				}
			}},
			build: func(o Options, rng *tensor.Stream) (nn.Layer, error) {
				if err := divisible(o.Size, v.patch); err != nil {
					return nil, err
				}
				return newVisionTransformer(o, rng, v), nil
			},
		}
	}
	return []Entry{
		entry("vit_b_16", vitShape{patch: 16, layers: 12, heads: 12, d: 768, hidden: 3072}),
		entry("vit_b_32", vitShape{patch: 32, layers: 12, heads: 12, d: 768, hidden: 3072}),
		entry("vit_l_16", vitShape{patch: 16, layers: 24, heads: 16, d: 1024, hidden: 4096}),
	}
}

// A vitShape is a row of the paper's table 1, with the size of the patches.
type vitShape struct{ patch, layers, heads, d, hidden int }

// A VisionTransformer is a network of Dosovitskiy et al., "An Image is Worth
// 16x16 Words", arXiv 2010.11929: patches of the image become tokens, behind a
// token of the class; what the encoder makes of that one gives the logits.
type VisionTransformer struct {
	ClassToken *tensor.Tensor // (1, 1, D)
	ConvProj   nn.Layer
	Encoder    *VisionEncoder
	Heads      *VisionHeads
}

// A VisionEncoder is the transformer of a VisionTransformer.
type VisionEncoder struct {
	PosEmbedding *tensor.Tensor // (1, 1 + patches, D)
	Dropout      nn.Dropout
	Layers       nn.Sequence `state:"name=layers.encoder_layer_"`
	LN           *nn.LayerNorm
}

// VisionHeads is the classifier of a VisionTransformer.
type VisionHeads struct{ Head nn.Layer }

func vitNorm(d int) *nn.LayerNorm {
	n := nn.NewLayerNorm(d)
	n.Eps = 1e-6
	return n
}

func newVisionTransformer(o Options, rng *tensor.Stream, v vitShape) *VisionTransformer {
	dropout := nn.Dropout{P: float32(o.Dropout.or(0))}
	fanIn := o.Channels * v.patch * v.patch
	tokens := 1 + o.Size/v.patch*(o.Size/v.patch)
	net := &VisionTransformer{
		ClassToken: nn.NewParameter(rng, nn.Constant(0), 1, 1, v.d),
		ConvProj: nn.NewConv2d(o.Channels, v.d, nn.Kernel(v.patch), nn.Stride(v.patch), nn.Init(rng),
			nn.Weights(nn.TruncatedNormal(math.Sqrt(1/float64(fanIn)))), nn.Biases(nn.Constant(0))),
		Encoder: &VisionEncoder{
			PosEmbedding: nn.NewParameter(rng, nn.Normal(0.02), 1, tokens, v.d),
			Dropout:      dropout,
			LN:           vitNorm(v.d),
		},
		Heads: &VisionHeads{nn.NewLinear(v.d, o.Classes, nn.Weights(nn.Constant(0)), nn.Biases(nn.Constant(0)), nn.Init(rng))},
	}
	for range v.layers {
		net.Encoder.Layers = append(net.Encoder.Layers, newEncoderLayer(rng, v, dropout))
	}
	return net
}

// Forward computes the logits (N, classes) of images (N, H, W, C).
func (v *VisionTransformer) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	t := ctx.Tape
	x = v.ConvProj.Forward(ctx, x)
	n, d := x.Shape.Dim(0), x.Shape.Dim(3)
	x = autograd.Reshape(t, x, n, x.Shape.Dim(1)*x.Shape.Dim(2), d)
	x = autograd.Embed(t, x, v.ClassToken, v.Encoder.PosEmbedding)
	x = v.Encoder.Layers.Forward(ctx, v.Encoder.Dropout.Forward(ctx, x))
	x = v.Encoder.LN.Forward(ctx, x)
	x = autograd.Reshape(t, autograd.Narrow(t, x, 0, 1), n, d)
	return v.Heads.Head.Forward(ctx, x)
}

// PositionEmbeddings returns the name of the embedding that depends on the size
// of the image.
func (v *VisionTransformer) PositionEmbeddings() []string { return []string{"encoder.pos_embedding"} }

// An EncoderLayer is a layer of the encoder (equations 2 and 3): with layer
// norms in front,
//
//	x = x + SelfAttention(LN1(x))
//	y = x + MLP(LN2(x))
type EncoderLayer struct {
	LN1           *nn.LayerNorm `state:"name=ln_1"`
	SelfAttention *nn.MultiheadAttention
	Dropout       nn.Dropout
	LN2           *nn.LayerNorm `state:"name=ln_2"`
	MLP           nn.Sequence
}

func newEncoderLayer(rng *tensor.Stream, v vitShape, dropout nn.Dropout) *EncoderLayer {
	linear := func(in, out int) nn.Layer {
		return nn.NewLinear(in, out, nn.Weights(nn.XavierUniform()), nn.Biases(nn.Normal(1e-6)), nn.Init(rng))
	}
	return &EncoderLayer{
		LN1:           vitNorm(v.d),
		SelfAttention: nn.NewMultiheadAttention(v.d, v.heads, nn.Init(rng)),
		Dropout:       dropout,
		LN2:           vitNorm(v.d),
		MLP:           nn.Sequence{linear(v.d, v.hidden), nn.GELU{}, dropout, linear(v.hidden, v.d), dropout},
	}
}

// Forward computes the layer.
func (l *EncoderLayer) Forward(ctx *nn.Context, x *tensor.Tensor) *tensor.Tensor {
	y := l.SelfAttention.Forward(ctx, l.LN1.Forward(ctx, x))
	x = autograd.Add(ctx.Tape, l.Dropout.Forward(ctx, y), x)
	return autograd.Add(ctx.Tape, l.MLP.Forward(ctx, l.LN2.Forward(ctx, x)), x)
}

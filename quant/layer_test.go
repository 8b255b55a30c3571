package quant

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
	"pgregory.net/rapid"
)

func geometry(k, s, p, d [2]int, groups int) autograd.Geometry {
	return autograd.Geometry{Kernel: k, Stride: s, Padding: p, Dilation: d, Groups: groups}
}

var (
	quantised = []Recipe{Alario, B158, B1}
	one       = [2]int{1, 1}
)

func layers() []layer {
	return []layer{
		{"linear", []int{4, 13}, []int{5, 13}, autograd.Geometry{}},
		{"linear tokens", []int{2, 3, 13}, []int{5, 13}, autograd.Geometry{}},
		{"conv", []int{2, 5, 6, 3}, []int{4, 3, 3, 3}, geometry([2]int{3, 3}, one, one, one, 1)},
		{"conv groups", []int{2, 5, 5, 6}, []int{4, 3, 3, 3}, geometry([2]int{3, 3}, one, one, one, 2)},
		{"conv all at once", []int{3, 8, 7, 4}, []int{6, 3, 2, 2}, geometry([2]int{3, 2}, [2]int{2, 1}, [2]int{2, 1}, [2]int{2, 3}, 2)},
		{"conv depthwise", []int{2, 6, 5, 6}, []int{6, 3, 3, 1}, geometry([2]int{3, 3}, [2]int{2, 2}, one, one, 6)},
	}
}

// A trial is a layer with operands.
type trial struct {
	*layer
	x, w, bias *tensor.Tensor
	dy         []float32
}

func (l *layer) draw(seed uint64) *trial {
	normal := func(what string, dims ...int) *tensor.Tensor {
		x := tensor.Normal(tensor.NewStream(seed, what), dims...)
		x.NeedGrad = true
		return x
	}
	c := &trial{l, normal("x", l.x...), normal("w", l.w...), normal("bias", l.w[0]), nil}
	for i := range c.x.Data {
		c.x.Data[i] += 0.3 // so that centring matters
	}
	c.dy = tensor.Normal(tensor.NewStream(seed, "dy"), l.taps(func(int, int, int) {})).Data
	return c
}

// run returns the output; the gradients are in the operands.
func (c *trial) run(r Recipe, workers *parallel.Pool) []float32 {
	tape := autograd.NewTape(workers)
	y := r.Conv(tape, c.x, c.w, c.bias, c.g)
	tape.BackwardFrom(y, c.dy)
	return y.Data
}

// Outputs and all gradients against the definition: the gradient of the weight
// is dy times the dequantised activations times beta/(beta+1e-7), and that of
// the input goes through beta*codes and the norm.
func TestLayersAgainstTheDefinition(t *testing.T) {
	for _, l := range layers() {
		for _, r := range quantised {
			t.Run(fmt.Sprint(r, "/", l.name), func(t *testing.T) {
				c := l.draw(1)
				want, doubt := l.naive(r, c.x.Data, c.w.Data, c.bias.Data, c.dy)
				if doubt < 1e-5 {
					t.Fatalf("an activation lies %v from a rounding boundary: draw others", doubt)
				}
				compare(t, "y", c.run(r, nil), want.y, 2e-6)
				compare(t, "dx", c.x.Grad, want.dx, 5e-6)
				compare(t, "dw", c.w.Grad, want.dw, 5e-6)
				compare(t, "dbias", c.bias.Grad, want.dbias, 5e-6)
			})
		}
	}
}

// Where the gradient is rounded, the output is that of the recipe it is named
// after, and so are the gradients; that of the weight up to the rounding, one part
// in 256 of each dy. Grouped and depthwise convolutions are small ones here, which do not round.
func TestRoundedGradients(t *testing.T) {
	for _, l := range layers() {
		for _, r := range [][2]Recipe{{B158BF16, B158}, {B1BF16, B1}} {
			rounded, plain := l.draw(1), l.draw(1)
			name := fmt.Sprint(r[0], "/", l.name)
			if !slices.Equal(rounded.run(r[0], nil), plain.run(r[1], nil)) {
				t.Errorf("%s: the output is not that of %v", name, r[1])
			}
			differ := false
			for _, p := range []struct {
				what      string
				got, want []float32
				exact     bool
			}{
				{"dx", rounded.x.Grad, plain.x.Grad, true},
				{"dw", rounded.w.Grad, plain.w.Grad, false},
				{"dbias", rounded.bias.Grad, plain.bias.Grad, true},
			} {
				want := make([]float64, len(p.want))
				for i, v := range p.want {
					want[i] = float64(v)
				}
				compare(t, name+": "+p.what, p.got, want, 1.0/256)
				differ = differ || !slices.Equal(p.got, p.want)
				if p.exact && !slices.Equal(p.got, p.want) {
					t.Errorf("%s: %s is rounded", name, p.what)
				}
			}
			if grouped := l.g.Groups > 1; differ == grouped {
				t.Errorf("%s: gradients differ from those of %v: %t", name, r[1], differ)
			}
		}
	}
}

// Weights so small that eps counts: the gradient is divided by beta + 1e-7.
func TestWeightGradientOfSmallWeights(t *testing.T) {
	for _, r := range quantised {
		l := layers()[0]
		c := l.draw(1)
		for i := range c.w.Data {
			c.w.Data[i] *= 1e-7
		}
		want, _ := l.naive(r, c.x.Data, c.w.Data, c.bias.Data, c.dy)
		c.run(r, nil)
		compare(t, r.String(), c.w.Grad, want.dw, 5e-6)
	}
}

// codedSample fills a sample with whole multiples k of step, |k| <= 127, of
// which one is 127 and whose sum is zero: whatever its norm, its codes are k.
func codedSample(r *tensor.Stream, codes []int, x []float32, step float32) {
	order := r.Perm(len(x))
	for i := 0; i+1 < len(order); i += 2 {
		k := r.Intn(255) - 127
		if i == 0 {
			k = 127
		}
		codes[order[i]], codes[order[i+1]] = k, -k
	}
	for i, k := range codes {
		x[i] = step * float32(k)
	}
}

// The product of the codes is exact for any geometry. Every sample has its own
// scale, which the test divides out to find the integer again.
func TestProductOfCodesIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		l := layer{x: []int{draw("N", 1, 3), draw("tokens", 1, 3), draw("K", 2, 70)}}
		l.w = []int{draw("O", 1, 20), l.x[2]}
		if rapid.Bool().Draw(t, "conv") {
			l.g.Groups = draw("groups", 1, 3)
			cg := draw("C/groups", 1, 9)
			l.x = []int{l.x[0], 0, 0, cg * l.g.Groups}
			for i := range 2 {
				l.g.Kernel[i], l.g.Stride[i] = draw("kernel", 1, 3), draw("stride", 1, 3)
				l.g.Padding[i], l.g.Dilation[i] = draw("padding", 0, 2), draw("dilation", 1, 2)
				l.x[1+i] = max(2, l.g.Dilation[i]*(l.g.Kernel[i]-1)+1-2*l.g.Padding[i]) + draw("more", 0, 4)
			}
			l.w = []int{draw("O/groups", 1, 6) * l.g.Groups, l.g.Kernel[0], l.g.Kernel[1], cg}
		}
		recipe := rapid.SampledFrom([]Recipe{B158, B1}).Draw(t, "recipe")
		random := tensor.NewStream(rapid.Uint64().Draw(t, "seed"), "operands")

		x, w := tensor.New(l.x...), tensor.New(l.w...)
		count := l.samples(recipe)
		size := len(x.Data) / count
		xcodes, gammas := make([]int, len(x.Data)), make([]float64, count)
		for s := range count {
			step := math.Ldexp(1, -s)
			codes := xcodes[s*size:][:size]
			codedSample(random, codes, x.Data[s*size:][:size], float32(step))
			squares := 0.0
			for _, k := range codes {
				squares += float64(k*k) * step * step / float64(size)
			}
			gammas[s] = 127 * step / math.Sqrt(squares+map[Recipe]float64{B158: 1e-6, B1: 1e-5}[recipe])
		}
		for i := range w.Data {
			w.Data[i] = float32(random.Intn(33)-16) / 64
		}
		codes := make([]int8, len(w.Data))
		beta := float64(recipe.Weights(nil, nil, codes, w.Data))

		y := recipe.Conv(autograd.Untaped(), x, w, nil, l.g).Data
		want := make([]int, len(y))
		if outputs := l.taps(func(y, x, w int) { want[y] += xcodes[x] * int(codes[w]) }); outputs != len(y) {
			t.Fatalf("%d outputs, want %d", len(y), outputs)
		}
		for i, k := range want {
			scale := gammas[i/(len(y)/count)] * beta / 127
			if beta == 0 {
				scale, k = 1, 0 // all outputs are zero
			}
			// A sum is at most 127*81 here: the next integer is 1e-4 of it away.
			if got := float64(y[i]) / scale; math.Abs(got-float64(k)) > 1e-6*math.Abs(float64(k)) {
				t.Fatalf("output %d: sum of codes %v, want %d", i, got, k)
			}
		}
	})
}

// sample returns part i of n of a tensor, as a tensor with n times fewer samples.
func sample(x *tensor.Tensor, i, n int) *tensor.Tensor {
	dims := x.Shape.Dims()
	dims[0] /= n
	size := len(x.Data) / n
	return tensor.From(x.Data[i*size:][:size], dims...)
}

// A sample's output is the same bits alone and in any batch: not so for
// alario, whose one activation scale for the batch multiplies the bias.
func TestSamplesAndTheirBatch(t *testing.T) {
	for _, l := range layers() {
		for _, r := range quantised {
			c := l.draw(2)
			n := l.x[0]
			c.x.Data[len(c.x.Data)-1] = 40 // an outlier in the last sample
			batch := r.Conv(autograd.Untaped(), c.x, c.w, c.bias, l.g)
			alone := r.Conv(autograd.Untaped(), sample(c.x, 0, n), c.w, c.bias, l.g)
			same := slices.Equal(sample(batch, 0, n).Data, alone.Data)
			if same != (r != Alario) {
				t.Errorf("%v, %s: same output alone and in a batch: %v", r, l.name, same)
			}
		}
	}
}

// In a linear layer of the papers' recipes, every token counts as a sample.
func TestTokensHaveTheirOwnScales(t *testing.T) {
	l := layers()[1]
	tokens := l.x[0] * l.x[1]
	for _, r := range []Recipe{B158, B1} {
		c := l.draw(3)
		c.x.Data[len(c.x.Data)-1] = 40
		rows := tensor.From(c.x.Data, tokens, l.x[2])
		y := tensor.From(r.Linear(autograd.Untaped(), c.x, c.w, c.bias).Data, tokens, l.w[0])
		for i := range tokens {
			alone := r.Linear(autograd.Untaped(), sample(rows, i, tokens), c.w, c.bias)
			if !slices.Equal(sample(y, i, tokens).Data, alone.Data) {
				t.Errorf("%v: token %d: %v in its sequence, %v alone", r, i, sample(y, i, tokens).Data, alone.Data)
			}
		}
	}
}

// Nothing divides by zero where the input or the weight is all zeros.
func TestZeros(t *testing.T) {
	for _, l := range layers() {
		for _, r := range []Recipe{B158, B1} {
			for _, zero := range []string{"input", "weight"} {
				c := l.draw(4)
				if zero == "input" {
					clear(c.x.Data)
				} else {
					clear(c.w.Data)
				}
				for i, v := range c.run(r, nil) {
					if b := c.bias.Data[i%l.w[0]]; v != b {
						t.Fatalf("%v, %s, zero %s: output %d is %v, want the bias %v", r, l.name, zero, i, v, b)
					}
				}
				for _, g := range [][]float32{c.x.Grad, c.w.Grad, c.bias.Grad} {
					for _, v := range g {
						if v != v || math.Abs(float64(v)) > 1e6 {
							t.Fatalf("%v, %s, zero %s: gradient %v", r, l.name, zero, v)
						}
					}
				}
			}
		}
	}
}

func TestFloatIsThePlainLayer(t *testing.T) {
	l := layers()[4]
	c := l.draw(5)
	y, plain := Float.Conv(autograd.Untaped(), c.x, c.w, c.bias, l.g), autograd.Conv(autograd.Untaped(), c.x, c.w, c.bias, l.g)
	if !slices.Equal(y.Data, plain.Data) {
		t.Error("the outputs differ")
	}
}

func TestUnknownRecipePanics(t *testing.T) {
	defer func() {
		if got := fmt.Sprint(recover()); got != "quant.Conv: recipe 7" {
			t.Errorf("panic %q", got)
		}
	}()
	Recipe(7).Linear(autograd.Untaped(), tensor.New(1, 2), tensor.New(3, 2), nil)
}

// Operands of several chunks give the same bits for any number of workers.
func TestSameBits(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, l := range []layer{
		{"conv", []int{9, 16, 16, 8}, []int{16, 3, 3, 8}, geometry([2]int{3, 3}, one, one, one, 1)},
		{"linear", []int{70, 300}, []int{64, 300}, autograd.Geometry{}},
	} {
		for _, r := range quantised {
			a, b := l.draw(6), l.draw(6)
			if !slices.Equal(a.run(r, nil), b.run(r, workers)) {
				t.Errorf("%v, %s: the outputs differ", r, l.name)
			}
			if !slices.Equal(a.x.Grad, b.x.Grad) || !slices.Equal(a.w.Grad, b.w.Grad) || !slices.Equal(a.bias.Grad, b.bias.Grad) {
				t.Errorf("%v, %s: the gradients differ", r, l.name)
			}
		}
	}
}

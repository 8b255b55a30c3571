package quant

import (
	"fmt"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/gemm"
	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Activations are int8 codes with absmax scales.
const (
	maxCode  = 127
	zeroCode = 128  // how QuantiseU8 stores the code 0
	minPeak  = 1e-5 // least absmax of a normalised sample
)

// Conv computes a BitConv2d, or a BitLinear where w has two axes, on the tape.
// With codes and scale beta of the weight (see Weights), n the normalised
// input (RMS norm for b158, layer norm for b1, without gain) and, for every
// sample (every token of a BitLinear), gamma = max(max|n|, 1e-5):
//
//	xcodes = round(n * 127/gamma)
//	y      = (xcodes * codes) * gamma*beta/127 + bias
//
// where xcodes * codes is the product of autograd.Conv in exact integers. The
// recipe alario differs: see its own file. Shapes are those of autograd.Conv.
func (r Recipe) Conv(t *autograd.Tape, x, w, bias *tensor.Tensor, g autograd.Geometry) *tensor.Tensor {
	return r.ConvThen(t, x, w, bias, g, nil)
}

// ConvThen is Conv with what follows it computed on the way, as in
// autograd.ConvThen.
func (r Recipe) ConvThen(t *autograd.Tape, x, w, bias *tensor.Tensor, g autograd.Geometry, then *gemm.Finish) *tensor.Tensor {
	switch r {
	case Float:
		return autograd.ConvThen(t, x, w, bias, g, then)
	case Alario:
		return alarioConv(t, x, w, bias, g, then)
	case B158, B1, B158BF16, B1BF16:
		return r.integerConv(t, x, w, bias, g, then)
	}
	panic(fmt.Sprintf("quant.Conv: %v", r))
}

// Linear computes a BitLinear on the tape; see Conv.
func (r Recipe) Linear(t *autograd.Tape, x, w, bias *tensor.Tensor) *tensor.Tensor {
	return r.Conv(t, x, w, bias, autograd.Geometry{})
}

func (r Recipe) integerConv(t *autograd.Tape, x, w, bias *tensor.Tensor, g autograd.Geometry, then *gemm.Finish) *tensor.Tensor {
	c, n, shape := g.Product(x.Shape, w.Shape)
	p, arena := t.Plan(c), t.Arena()
	weights, kept := autograd.Frozen[packedWeights](t, w)
	if !kept {
		weights.codes = t.Still().Codes(len(w.Data))
		weights.beta = r.Weights(t.Workers(), arena, weights.codes, w.Data)
		weights.panels = p.PackCodes(t.Workers(), t.Still(), weights.codes)
		kept = autograd.Keep(t, w, weights)
	}
	xcodes := arena.Bytes(n * p.Input.Len())
	steps := arena.Doubles(n) // gamma/127 of each sample: the value of one code
	norms := arena.Floats(2 * n)
	r.activations(t, p.Input, xcodes, x.Data, steps, norms)

	scales := arena.Floats(n)
	for i, s := range steps {
		scales[i] = float32(s * float64(weights.beta))
	}
	y := arena.Tensor(shape)
	p.ForwardCodes(t.Workers(), arena, y.Data, xcodes, n, weights.panels, scales, bias.Values(), then)
	if !kept {
		weights.panels.Release(arena)
	}
	if t.Needs(x, w, bias) {
		if then.Changes() {
			panic("quant.ConvThen: a finished convolution has no gradient")
		}
		*autograd.Push[integerConv](t, y) = integerConv{r, p, x, w, bias, y, weights.codes, xcodes, steps, norms, weights.beta, n}
	}
	return y
}

// packedWeights are a weight's codes, their scale, and the codes as the product
// reads them.
type packedWeights struct {
	codes  []int8
	beta   float32
	panels gemm.Panels
}

// activations quantises the samples of x into their frames. norms receives the
// root and the center of each.
func (r Recipe) activations(t *autograd.Tape, f gemm.Frame, codes []uint8, x []float32, steps []float64, norms []float32) {
	size := f.H * f.W * f.C
	parallel.Run(t.Workers(), chunks(len(steps), size), quantising{r.binary(), f, codes, x, norms, steps})
}

type quantising struct {
	centred  bool
	f        gemm.Frame
	codes    []uint8
	x, norms []float32
	steps    []float64
}

func (q *quantising) Chunk(_, chunk int) {
	f := q.f
	size := f.H * f.W * f.C
	for i := range chunkOf(chunk, len(q.steps), size) {
		in := q.x[i*size:][:size]
		n := rmsNorm(in)
		if q.centred {
			n = layerNorm(in)
		}
		gamma := max(float64(n.peak)/n.root, minPeak)
		q.steps[i] = gamma / maxCode
		q.norms[2*i], q.norms[2*i+1] = float32(n.root), n.center
		framed := q.codes[i*f.Len():][:f.Len()]
		// n*127/gamma = (x-center)*127/(root*gamma). The factor is rounded once: what
		// it is off by moves every code on a rounding boundary.
		scale := float32(maxCode / (n.root * gamma))
		if f.Bare() {
			kernel.QuantiseU8(framed, in, n.center, scale)
			continue
		}
		gemm.Surround(f, framed, zeroCode)
		for h := range f.H {
			kernel.QuantiseU8(f.CodeRow(framed, h), in[h*f.W*f.C:][:f.W*f.C], n.center, scale)
		}
	}
}

type integerConv struct {
	recipe        Recipe
	plan          *gemm.Plan
	x, w, bias, y *tensor.Tensor
	codes         []int8
	xcodes        []uint8 // in the frame
	steps         []float64
	norms         []float32
	beta          float32
	n             int
}

// With s = gamma*beta/127 the output's scale, dxcodes = dy*s * codes and
// dcodes = dy*s * xcodes (transposed as autograd.Conv's); straight through,
//
//	dw = dcodes / (beta + 1e-7)
//	dn = dxcodes * 127/gamma = dy * (beta*codes)
//
// and the normalisation turns dn into dx.
func (o *integerConv) Backward(t *autograd.Tape) {
	p, arena, workers := o.plan, t.Arena(), t.Workers()
	dy := o.y.Grad
	if o.w.NeedGrad {
		scale := arena.Floats(o.n)
		for i, s := range o.steps {
			scale[i] = float32(s * float64(o.beta/(o.beta+weightEps)))
		}
		dw := autograd.ParamGrad(o.w)
		if o.recipe.roundsGradient() {
			p.WeightGradientBF16(workers, arena, dw, dy, o.xcodes, o.n, scale)
		} else {
			p.WeightGradientCodes(workers, arena, dw, dy, o.xcodes, o.n, scale)
		}
		arena.Release(scale)
	}
	if o.bias != nil && o.bias.NeedGrad {
		autograd.AddColumnSums(t, autograd.ParamGrad(o.bias), dy)
	}
	if !o.x.NeedGrad {
		return
	}
	dx := arena.Floats(len(o.x.Data)) // at first dn/beta
	p.InputGradientCodes(workers, arena, dx, dy, o.n, o.codes)
	parallel.Run(workers, chunks(o.n, len(dx)/o.n), unnorming{dx, o.x.Data, o.norms, float64(o.beta), o.recipe.binary()})
	t.AddGrad(o.x, dx)
}

// unnorming takes gradients back through the norms of samples.
type unnorming struct {
	dx, x, norms []float32
	gain         float64
	centred      bool
}

func (u *unnorming) Chunk(_, chunk int) {
	count := len(u.norms) / 2
	size := len(u.dx) / count
	for i := range chunkOf(chunk, count, size) {
		n := norm{root: float64(u.norms[2*i]), center: u.norms[2*i+1]}
		n.backward(u.dx[i*size:][:size], u.x[i*size:][:size], u.gain, u.centred)
	}
}

// chunks returns how many chunks n samples of the given size are shared out in:
// many small ones in one.
func chunks(n, size int) int { return (n + perChunk(size) - 1) / perChunk(size) }

func perChunk(size int) int { return max(1, block/size) }

// chunkOf yields the samples of a chunk.
func chunkOf(chunk, n, size int) func(yield func(i int) bool) {
	first := chunk * perChunk(size)
	return func(yield func(int) bool) {
		for i := first; i < min(first+perChunk(size), n); i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// samples calls f for each of n samples of the given size.
func samples(t *autograd.Tape, n, size int, f func(i int)) {
	t.Workers().For(chunks(n, size), func(chunk int) {
		for i := range chunkOf(chunk, n, size) {
			f(i)
		}
	})
}

package autograd

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// A rowNormCase is a call of LayerNorm or RMSNorm. One that has blocks of rows
// and a row longer than a block are among them.
type rowNormCase struct {
	rows, d int
	centre  bool
}

func (c rowNormCase) String() string {
	return fmt.Sprintf("rows=%d/d=%d/centre=%t", c.rows, c.d, c.centre)
}

var rowNormCases = []rowNormCase{
	{1500, 33, true}, {1500, 33, false}, {197, 768, true}, {9, 20000, true}, {9, 20000, false}, {1, 1, true}, {2000, 96, true},
}

const rowNormEps = 1e-5

// draw returns x, weight and bias, and the gradient of the result. The rows have
// means and deviations of their own.
func (c rowNormCase) draw() (x [3]*tensor.Tensor, dy []float32) {
	x[0] = tensor.Normal(tensor.NewStream(1, "x"), c.rows, c.d)
	for i := range x[0].Data {
		row := float32(i / c.d)
		x[0].Data[i] = 1 + row/500 + x[0].Data[i]*(1+row/1000)
	}
	x[1], x[2] = tensor.Normal(tensor.NewStream(2, "weight"), c.d), tensor.Normal(tensor.NewStream(3, "bias"), c.d)
	for _, x := range x {
		x.NeedGrad = true
	}
	return x, tensor.Normal(tensor.NewStream(4, "dy"), c.rows, c.d).Data
}

// run returns the result and the gradients of x, weight and bias, of a second
// step on a tape, whose buffers are not zero any more.
func (c rowNormCase) run(workers *parallel.Pool) [4][]float32 {
	tape := NewTape(workers)
	var got [4][]float32
	for range 2 {
		tape.Reset()
		x, dy := c.draw()
		var y *tensor.Tensor
		if c.centre {
			y = LayerNorm(tape, x[0], x[1], x[2], rowNormEps)
		} else {
			y = RMSNorm(tape, x[0], x[1], rowNormEps)
		}
		tape.BackwardFrom(y, dy)
		got = [4][]float32{y.Data, x[0].Grad, x[1].Grad, x[2].Grad}
	}
	return got
}

var rowNormArrays = [4]string{"y", "dx", "dweight", "dbias"}

// naive is the oracle, with the bounds of naive attention.
func (c rowNormCase) naive() [4][]bounded {
	x, dy := c.draw()
	d := float64(c.d)
	y, dx, dweight, dbias := make([]bounded, len(dy)), make([]bounded, len(dy)), make([]bounded, c.d), make([]bounded, c.d)
	const u = 1.0 / (1 << 24)
	rowSum, colSum := (d+8)*u, float64(c.rows+8)*u
	xhat, off, g := make([]float64, c.d), make([]float64, c.d), make([]float64, c.d)
	for i := range c.rows {
		row := x[0].Data[i*c.d:][:c.d]
		mean, size, variance := 0.0, 0.0, 0.0
		for _, v := range row {
			size += math.Abs(float64(v)) / d
			if c.centre {
				mean += float64(v) / d
			}
		}
		for _, v := range row {
			variance += (float64(v) - mean) * (float64(v) - mean) / d
		}
		rstd := 1 / math.Sqrt(variance+rowNormEps)
		var sum, dot, sumSize, dotSize, dotOff float64
		for j, v := range row {
			w, b, e := float64(x[1].Data[j]), float64(x[2].Data[j]), float64(dy[i*c.d+j])
			if !c.centre {
				b = 0
			}
			xhat[j] = (float64(v) - mean) * rstd
			off[j] = rowSum * (size*rstd + math.Abs(xhat[j]))
			g[j] = e * w
			y[i*c.d+j] = bounded{xhat[j]*w + b, math.Abs(w)*off[j] + 4*u*(math.Abs(xhat[j]*w)+math.Abs(b))}
			dweight[j].add(e*xhat[j], math.Abs(e)*off[j]+colSum*math.Abs(e*xhat[j]))
			dbias[j].add(e, colSum*math.Abs(e))
			sum, sumSize = sum+g[j]/d, sumSize+math.Abs(g[j])/d
			dot, dotSize = dot+g[j]*xhat[j]/d, dotSize+math.Abs(g[j]*xhat[j])/d
			dotOff += math.Abs(g[j]) * off[j] / d
		}
		if !c.centre {
			sum, sumSize = 0, 0
		}
		for j := range row {
			dx[i*c.d+j] = bounded{
				rstd * (g[j] - sum - xhat[j]*dot),
				rstd * (rowSum*(math.Abs(g[j])+sumSize+math.Abs(xhat[j])*dotSize) + off[j]*dotSize + math.Abs(xhat[j])*dotOff),
			}
		}
	}
	if !c.centre {
		dbias = nil
	}
	return [4][]bounded{y, dx, dweight, dbias}
}

func TestRowNorm(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, c := range rowNormCases {
		want := c.naive()
		for _, level := range cpu.Levels() {
			t.Run(fmt.Sprint(c, "/isa=", level), func(t *testing.T) {
				defer cpu.Force(level)()
				checkBounds(t, rowNormArrays, c.run(workers), want)
			})
		}
	}
}

func TestRowNormSameBits(t *testing.T) {
	for _, c := range rowNormCases {
		want := c.run(nil)
		for workers := 2; workers <= 3; workers++ {
			pool := parallel.New(workers)
			defer pool.Close()
			for i, got := range c.run(pool) {
				if !slices.Equal(got, want[i]) {
					t.Errorf("%v: %s is another with %d workers than with one", c, rowNormArrays[i], workers)
				}
			}
		}
	}
}

func BenchmarkLayerNorm(b *testing.B) {
	workers := parallel.New(0)
	defer workers.Close()
	for _, size := range [][2]int{{8 * 197, 768}, {4 * 197, 1024}, {8 * 56 * 56, 96}, {64 * 17, 192}, {256, 33}} {
		for _, pass := range []string{"forward", "backward"} {
			b.Run(fmt.Sprintf("pass=%s/rows=%d/d=%d", pass, size[0], size[1]), func(b *testing.B) {
				x := tensor.Normal(tensor.NewStream(1, "x"), size[0], size[1])
				weight, bias := tensor.Normal(tensor.NewStream(2, "w"), size[1]), tensor.Normal(tensor.NewStream(3, "b"), size[1])
				x.NeedGrad, weight.NeedGrad, bias.NeedGrad = true, true, true
				tape := NewTape(workers)
				y := LayerNorm(tape, x, weight, bias, 1e-5)
				dy := tensor.Normal(tensor.NewStream(4, "dy"), size[0], size[1]).Data
				arrays := 2 // to read or write
				if pass == "backward" {
					arrays = 3
				}
				b.SetBytes(int64(4 * arrays * len(dy)))
				y.Grad = dy
				for b.Loop() {
					if pass == "backward" {
						tape.ops[0].Backward(tape)
						tape.arena.Release(x.Grad)
						x.Grad = nil
					} else {
						tape.Reset()
						LayerNorm(tape, x, weight, bias, 1e-5)
					}
				}
			})
		}
	}
}

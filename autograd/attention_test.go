package autograd

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/internal/parity"
	"github.com/AlarioAI/bitnet/tensor"
)

// An attentionCase is a call of Attention with random operands.
type attentionCase struct {
	n, tq, tk, d, heads int
	spread              float32 // standard deviation of queries and keys
}

func (c attentionCase) String() string {
	return fmt.Sprintf("n=%d/tq=%d/tk=%d/d=%d/heads=%d", c.n, c.tq, c.tk, c.d, c.heads)
}

// draw returns q, k and v, and the gradient of the result.
func (c attentionCase) draw() (x [3]*tensor.Tensor, dy []float32) {
	for i, tokens := range []int{c.tq, c.tk, c.tk} {
		x[i] = tensor.Normal(tensor.NewStream(1, "attention", uint64(i)), c.n, tokens, c.d)
		x[i].NeedGrad = true
	}
	for _, x := range x[:2] {
		for i := range x.Data {
			x.Data[i] *= c.spread
		}
	}
	return x, tensor.Normal(tensor.NewStream(2, "attention"), c.n, c.tq, c.d).Data
}

// run returns the result and the gradients of q, k and v, of a second step on a
// tape, whose buffers are not zero any more.
func (c attentionCase) run(workers *parallel.Pool) [4][]float32 {
	tape := NewTape(workers)
	var got [4][]float32
	for range 2 {
		tape.Reset()
		x, dy := c.draw()
		y := Attention(tape, x[0], x[1], x[2], c.heads)
		tape.BackwardFrom(y, dy)
		got = [4][]float32{y.Data, x[0].Grad, x[1].Grad, x[2].Grad}
	}
	return got
}

var attentionArrays = [4]string{"y", "dq", "dk", "dv"}

// naive is the oracle: Attention and its gradients as the formulas have them.
// The bounds follow each rounding through the formulas, to first order, with
// sums in any order (Higham, "Accuracy and Stability of Numerical Algorithms",
// section 3.1).
func (c attentionCase) naive() [4][]bounded {
	x, dy := c.draw()
	q, k, v := x[0].Data, x[1].Data, x[2].Data
	y, dq, dk, dv := make([]bounded, len(q)), make([]bounded, len(q)), make([]bounded, len(k)), make([]bounded, len(v))
	const u = 1.0 / (1 << 24)
	gamma := func(n int) float64 { return float64(n) * u }
	depth := c.d / c.heads
	scale := 1 / math.Sqrt(float64(depth))
	s, dp, dpWithin := make([]float64, c.tk), make([]float64, c.tk), make([]float64, c.tk)
	for pair := range c.n * c.heads {
		for i := range c.tq {
			qi := (pair/c.heads*c.tq+i)*c.d + pair%c.heads*depth
			at := func(j int) int { return (pair/c.heads*c.tk+j)*c.d + pair%c.heads*depth }
			most, size := math.Inf(-1), 0.0 // of s, and of the sums of |terms| in it
			for j := range c.tk {
				s[j], dp[j], dpWithin[j] = 0, 0, 0
				terms := 0.0
				for e := range depth {
					term := float64(q[qi+e]) * float64(k[at(j)+e]) * scale
					s[j] += term
					terms += math.Abs(term)
					term = float64(dy[qi+e]) * float64(v[at(j)+e])
					dp[j] += term
					dpWithin[j] += gamma(depth+2) * math.Abs(term)
				}
				most, size = max(most, s[j]), max(size, terms)
			}
			sum := 0.0
			for j := range s {
				s[j] = math.Exp(s[j] - most)
				sum += s[j]
			}
			// The exponent is the difference of two numbers up to size or, on the way
			// back, size + log(tk); the exponential and the sum have a few roundings.
			relative := math.Expm1(4*gamma(depth+5)*(size+math.Log(float64(c.tk))) + gamma(c.tk+16))
			delta, deltaWithin := 0.0, 0.0
			for j := range s {
				s[j] /= sum
				for e := range depth {
					y[qi+e].add(s[j]*float64(v[at(j)+e]), s[j]*math.Abs(float64(v[at(j)+e]))*(relative+gamma(c.tk+2)))
				}
				delta += s[j] * dp[j]
			}
			for e := range depth {
				deltaWithin += math.Abs(float64(dy[qi+e])) * (y[qi+e].within + gamma(depth+2)*math.Abs(y[qi+e].value))
			}
			for j, p := range s {
				ds := p * (dp[j] - delta) * scale
				dsWithin := scale * p * (math.Abs(dp[j]-delta)*(relative+gamma(4)) + (dpWithin[j]+deltaWithin)*(1+relative))
				for e := range depth {
					qe, ke, de := float64(q[qi+e]), float64(k[at(j)+e]), float64(dy[qi+e])
					dq[qi+e].add(ds*ke, math.Abs(ke)*(dsWithin+gamma(c.tk+2)*math.Abs(ds)))
					dk[at(j)+e].add(ds*qe, math.Abs(qe)*(dsWithin+gamma(c.tq+2)*math.Abs(ds)))
					dv[at(j)+e].add(p*de, math.Abs(p*de)*(relative+gamma(c.tq+2)))
				}
			}
		}
	}
	return [4][]bounded{y, dq, dk, dv}
}

var attentionCases = []attentionCase{
	{n: 2, tq: 17, tk: 17, d: 128, heads: 2, spread: 1},
	{n: 1, tq: 197, tk: 197, d: 64, heads: 2, spread: 1},
	{n: 2, tq: 1, tk: 50, d: 96, heads: 3, spread: 1},
	{n: 2, tq: 50, tk: 1, d: 64, heads: 1, spread: 1},
	{n: 1, tq: 49, tk: 95, d: 48, heads: 2, spread: 1},
	{n: 1, tq: 97, tk: 49, d: 21, heads: 3, spread: 1},
	{n: 3, tq: 5, tk: 7, d: 4, heads: 4, spread: 1},
	{n: 1, tq: 1, tk: 1, d: 1, heads: 1, spread: 1},
	{n: 1, tq: 100, tk: 210, d: 40, heads: 1, spread: 1},
	{n: 1, tq: 20, tk: 20, d: 32, heads: 1, spread: 4},
}

func TestAttention(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, c := range attentionCases {
		want := c.naive()
		for _, level := range cpu.Levels() {
			t.Run(fmt.Sprint(c, "/isa=", level), func(t *testing.T) {
				defer cpu.Force(level)()
				checkBounds(t, attentionArrays, c.run(workers), want)
			})
		}
	}
}

func TestAttentionOfAnyShape(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, most int) int { return rapid.IntRange(1, most).Draw(t, name) }
		c := attentionCase{n: draw("n", 2), tq: draw("tq", 60), tk: draw("tk", 60), heads: draw("heads", 3), spread: 1}
		c.d = c.heads * draw("depth", 40)
		defer cpu.Force(rapid.SampledFrom(cpu.Levels()).Draw(t, "isa"))()
		checkBounds(t, attentionArrays, c.run(workers), c.naive())
	})
}

func TestAttentionGradients(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, level := range cpu.Levels() {
		for _, o := range []operation{
			{"attention", [][]int{{2, 5, 6}, {2, 4, 6}, {2, 4, 6}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
				return Attention(t, x[0], x[1], x[2], 2)
			}},
			{"attention to itself", [][]int{{1, 5, 4}}, 0, func(t *Tape, x []*tensor.Tensor) *tensor.Tensor {
				return Attention(t, x[0], x[0], x[0], 1)
			}},
		} {
			t.Run(fmt.Sprint(o.name, "/isa=", level), func(t *testing.T) {
				defer cpu.Force(level)()
				checkGradients(t, workers, &o)
			})
		}
	}
}

//go:embed testdata/attention.json
var attentionGolden []byte

// The golden file is written by testdata/attention.py.
func TestAttentionParity(t *testing.T) {
	type arrays map[string][]float64
	var cases []struct {
		Name                string
		N, Tq, Tk, D, Heads int
		F64, F32            arrays
	}
	if err := json.Unmarshal(attentionGolden, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for _, level := range cpu.Levels() {
			t.Run(fmt.Sprint(c.Name, "/isa=", level), func(t *testing.T) {
				defer cpu.Force(level)()
				input := func(name string, tokens int) *tensor.Tensor {
					x := parity.Fill(c.Name+"."+name, parity.Sqrt3, 0, c.N, tokens, c.D)
					x.NeedGrad = true
					return x
				}
				q, k, v := input("q", c.Tq), input("k", c.Tk), input("v", c.Tk)
				tape := NewTape(nil)
				y := Attention(tape, q, k, v, c.Heads)
				tape.BackwardFrom(y, parity.Fill(c.Name+".dy", 1, 0, c.N, c.Tq, c.D).Data)
				for i, got := range [4][]float32{y.Data, q.Grad, k.Grad, v.Grad} {
					what, tokens := attentionArrays[i], []int{c.Tq, c.Tq, c.Tk, c.Tk}[i]
					want := parity.Array{Shape: []int{c.N, tokens, c.D}, F64: c.F64[what], F32: c.F32[what]}
					parity.CheckArray(t, what, got, want)
				}
			})
		}
	}
}

func TestAttentionSameBits(t *testing.T) {
	for _, c := range attentionCases {
		want := c.run(nil)
		for workers := 2; workers <= 3; workers++ {
			pool := parallel.New(workers)
			defer pool.Close()
			for i, got := range c.run(pool) {
				if !slices.Equal(got, want[i]) {
					t.Errorf("%v: %s is another with %d workers than with one", c, attentionArrays[i], workers)
				}
			}
		}
	}
}

// With logits far beyond the exponential's range, the result stays within the
// values, and the gradients stay finite.
func TestAttentionOfLargeLogits(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run("isa="+level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			c := attentionCase{n: 1, tq: 20, tk: 30, d: 16, heads: 2, spread: 1000}
			x, _ := c.draw()
			got := c.run(nil)
			low, high := slices.Min(x[2].Data), slices.Max(x[2].Data)
			const rounding = 1e-5
			for i, y := range got[0] {
				if !(y >= low-rounding && y <= high+rounding) {
					t.Fatalf("y[%d] is %g, values go from %g to %g", i, y, low, high)
				}
			}
			for a, what := range attentionArrays {
				for i, v := range got[a] {
					if v-v != 0 {
						t.Fatalf("%s: element %d is %g", what, i, v)
					}
				}
			}
		})
	}
}

// One tensor in all three places gets the sum of the three gradients; an operand
// that needs no gradient gets none.
func TestAttentionOperands(t *testing.T) {
	c := attentionCase{n: 2, tq: 9, tk: 9, d: 8, heads: 2, spread: 1}
	x, dy := c.draw()
	copies := [3]*tensor.Tensor{x[0], x[0].Clone(), x[0].Clone()}
	copies[1].NeedGrad, copies[2].NeedGrad = true, true
	run := func(q, k, v *tensor.Tensor) {
		tape := NewTape(nil)
		tape.BackwardFrom(Attention(tape, q, k, v, c.heads), dy)
	}
	run(copies[0], copies[1], copies[2])
	one := x[0].Clone()
	one.NeedGrad = true
	run(one, one, one)
	for i, got := range one.Grad {
		if want := copies[0].Grad[i] + copies[1].Grad[i] + copies[2].Grad[i]; got != want {
			t.Fatalf("gradient %d is %g, want %g", i, got, want)
		}
	}
	still := one.Clone()
	for i := range 3 {
		operands := [3]*tensor.Tensor{still, still, still}
		operands[i] = one.Clone()
		operands[i].NeedGrad = true
		run(operands[0], operands[1], operands[2])
		if still.Grad != nil || !slices.Equal(operands[i].Grad, copies[i].Grad) {
			t.Errorf("with only operand %d in need of a gradient: %v, others %v", i, operands[i].Grad, still.Grad)
		}
	}
}

// Memory grows with the tokens, not with their square.
func TestAttentionMemory(t *testing.T) {
	bytes := func(tokens int) float64 {
		c := attentionCase{n: 1, tq: tokens, tk: tokens, d: 4, heads: 1, spread: 1}
		x, dy := c.draw()
		tape := NewTape(nil)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tape.BackwardFrom(Attention(tape, x[0], x[1], x[2], c.heads), dy)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	small, large := bytes(250), bytes(1000)
	if large > 4.5*small {
		t.Errorf("%g bytes for 250 tokens, %g for 1000", small, large)
	}
}

func TestAttentionRefusesShapes(t *testing.T) {
	x := tensor.New(2, 4, 6)
	for name, f := range map[string]func(){
		"rank":    func() { Attention(Untaped(), tensor.New(8, 6), x, x, 1) },
		"samples": func() { Attention(Untaped(), tensor.New(1, 4, 6), x, x, 1) },
		"keys":    func() { Attention(Untaped(), x, tensor.New(2, 3, 6), x, 1) },
		"width":   func() { Attention(Untaped(), tensor.New(2, 4, 3), x, x, 1) },
		"no keys": func() { Attention(Untaped(), x, tensor.New(2, 0, 6), tensor.New(2, 0, 6), 1) },
		"heads":   func() { Attention(Untaped(), x, x, x, 4) },
		"no head": func() { Attention(Untaped(), x, x, x, 0) },
	} {
		func() {
			defer func() {
				if message, ok := recover().(string); !ok || message == "" {
					t.Errorf("%s: no panic with a message", name)
				}
			}()
			f()
		}()
	}
}

// The shapes are those of ViT-B/16 at 224 pixels (also with one image) and at 64,
// CrossViT's two branches and its class token's attention, and ViT-L/16.
func BenchmarkAttention(b *testing.B) {
	workers := parallel.New(0)
	defer workers.Close()
	for _, c := range []attentionCase{
		{n: 8, tq: 197, tk: 197, d: 768, heads: 12, spread: 1},
		{n: 1, tq: 197, tk: 197, d: 768, heads: 12, spread: 1},
		{n: 64, tq: 17, tk: 17, d: 768, heads: 12, spread: 1},
		{n: 8, tq: 257, tk: 257, d: 96, heads: 3, spread: 1},
		{n: 8, tq: 197, tk: 197, d: 192, heads: 3, spread: 1},
		{n: 64, tq: 1, tk: 197, d: 192, heads: 3, spread: 1},
		{n: 4, tq: 197, tk: 197, d: 1024, heads: 16, spread: 1},
	} {
		x, dy := c.draw()
		rate := func(b *testing.B, products int) { // of tq x tk x d for each sample
			b.ReportMetric(float64(2*products*c.n*c.tq*c.tk*c.d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		}
		b.Run("pass=forward/"+c.String(), func(b *testing.B) {
			tape := NewTape(workers)
			for b.Loop() {
				tape.Reset()
				Attention(tape, x[0], x[1], x[2], c.heads)
			}
			rate(b, 2)
		})
		b.Run("pass=backward/"+c.String(), func(b *testing.B) {
			tape := NewTape(workers)
			y := Attention(tape, x[0], x[1], x[2], c.heads)
			for b.Loop() {
				tape.BackwardFrom(y, dy)
				for _, x := range x {
					tape.arena.Release(x.Grad)
					x.Grad = nil
				}
			}
			rate(b, 5)
		})
	}
}

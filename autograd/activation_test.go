package autograd

import (
	_ "embed"
	"encoding/json"
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

//go:embed testdata/activation.json
var activationGolden []byte

// The activation functions and their gradients against PyTorch: the piecewise
// linear ones exactly, the smooth ones against float64, since PyTorch's float32
// loses most digits of GELU where it is small.
func TestActivationParity(t *testing.T) {
	type figures struct{ Y, DX []float64 }
	var golden struct {
		X, DY     []float32
		Functions map[string]struct{ F64, F32 figures }
	}
	if err := json.Unmarshal(activationGolden, &golden); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]struct {
		run   func(t *Tape, x *tensor.Tensor) *tensor.Tensor
		exact bool
	}{
		"ReLU": {ReLU, true}, "ReLU6": {ReLU6, true}, "Hardsigmoid": {Hardsigmoid, true}, "Hardswish": {Hardswish, true},
		"Sigmoid": {Sigmoid, false}, "SiLU": {SiLU, false}, "GELU": {GELU, false},
	} {
		want := golden.Functions[name].F64
		if f.exact {
			want = golden.Functions[name].F32
		}
		if len(want.Y) == 0 {
			t.Fatalf("no figures for %s", name)
		}
		for _, level := range cpu.Levels() {
			t.Run(name+"/"+level.String(), func(t *testing.T) {
				defer cpu.Force(level)()
				x := tensor.From(golden.X, len(golden.X))
				x.NeedGrad = true
				tape := NewTape(nil)
				y := f.run(tape, x)
				tape.BackwardFrom(y, golden.DY)
				// Gradients are sums, which may cancel: their error is one of dy.
				for i, v := range golden.X {
					dy := math.Abs(float64(golden.DY[i]))
					near(t, f.exact, "y", v, y.Data[i], want.Y[i], math.Abs(want.Y[i]))
					near(t, f.exact, "dx", v, x.Grad[i], want.DX[i], dy)
				}
			})
		}
	}
}

// near checks a value at x, exactly or within ten roundings of size. PyTorch
// rounds as well: it computes GELU by 1 + erf, also in float64.
func near(t *testing.T, exact bool, what string, x, got float32, want, size float64) {
	t.Helper()
	const underflow = 1e-43
	limit := 10*0x1p-24*size + 0x1p-52*math.Abs(float64(x)) + underflow
	if e := math.Abs(float64(got) - want); exact && got != float32(want) || !(e <= limit) {
		t.Errorf("%s at %g is %g, want %g: off by %.3g", what, x, got, want, e)
	}
}

// Layers of more than one block, on one worker and on two.
func TestActivationBlocks(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	const n = 3<<14 + 5
	var first [2][]float32
	for i, pool := range []*parallel.Pool{nil, workers} {
		x, dy := tensor.Normal(tensor.NewStream(1, "x"), n), tensor.Normal(tensor.NewStream(2, "dy"), n).Data
		x.NeedGrad = true
		tape := NewTape(pool)
		y := GELU(tape, x)
		tape.BackwardFrom(y, dy)
		for k, got := range [2][]float32{y.Data, x.Grad} {
			if i == 0 {
				first[k] = append([]float32(nil), got...)
			}
			for j, v := range got {
				if v != first[k][j] {
					t.Fatalf("array %d, element %d is %g on two workers, %g on one", k, j, v, first[k][j])
				}
			}
		}
		x0 := float64(x.Data[n-1])
		if want := x0 * math.Erfc(-x0/math.Sqrt2) / 2; math.Abs(float64(y.Data[n-1])-want) > 1e-6 {
			t.Errorf("the last element is %g, want %g", y.Data[n-1], want)
		}
	}
}

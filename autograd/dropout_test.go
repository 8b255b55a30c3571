package autograd

import (
	"math"
	"math/bits"
	"testing"

	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// What is dropped is zero, forward and back; the rest is scaled. The number of
// dropped elements is within five standard deviations, in all and for each place
// of a word.
func TestDropout(t *testing.T) {
	const n = 5<<14 + 37
	for _, p := range []float32{0.03, 0.1, 0.5, 0.75, 0.999} {
		x := tensor.Normal(tensor.NewStream(1, "x"), n)
		x.NeedGrad = true
		dy := tensor.Normal(tensor.NewStream(2, "dy"), n).Data
		tape := NewTape(nil)
		y := Dropout(tape, x, p, tensor.NewStream(3, "dropout"))
		tape.BackwardFrom(y, dy)
		dropped, places := 0, [64]int{}
		for i, v := range x.Data {
			if y.Data[i] == 0 {
				dropped++
				places[i%64]++
				if x.Grad[i] != 0 {
					t.Fatalf("p=%v: the gradient of dropped element %d is %v", p, i, x.Grad[i])
				}
			} else if want := v * (1 / (1 - p)); y.Data[i] != want || x.Grad[i] != dy[i]*(1/(1-p)) {
				t.Fatalf("p=%v: element %d became %v, want %v, with the gradient %v of %v", p, i, y.Data[i], want, x.Grad[i], dy[i])
			}
		}
		check := func(what string, got, of int) {
			mean, deviation := float64(of)*float64(p), math.Sqrt(float64(of)*float64(p)*float64(1-p))
			if d := math.Abs(float64(got) - mean); d > 5*deviation {
				t.Errorf("p=%v: %d of %d elements dropped%s, want %.0f and a few times %.1f", p, got, of, what, mean, deviation)
			}
		}
		check("", dropped, n)
		for place, got := range places {
			check(" at one place of a word", got, (n-place+63)/64)
		}
	}
}

func TestDropoutOfAllAndNothing(t *testing.T) {
	x := tensor.From([]float32{1, float32(math.Inf(1)), float32(math.NaN())}, 3)
	if y := Dropout(Untaped(), x, 0, tensor.NewStream(1, "")); y != x {
		t.Error("p=0: not the same tensor")
	}
	if y := Dropout(Untaped(), x, 1, tensor.NewStream(1, "")); y.Data[0] != 0 || y.Data[1] != 0 || y.Data[2] != 0 {
		t.Errorf("p=1: %v", y.Data)
	}
}

// Blocks draw for themselves: their masks differ, and do not depend on who draws.
func TestDropoutBlocks(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	const block, n = 1 << 14, 3 << 14
	ones := tensor.New(n)
	for i := range ones.Data {
		ones.Data[i] = 1
	}
	a := Dropout(NewTape(nil), ones, 0.5, tensor.NewStream(1, "dropout"))
	b := Dropout(NewTape(workers), ones, 0.5, tensor.NewStream(1, "dropout"))
	same := 0
	for i := range n {
		if a.Data[i] != b.Data[i] {
			t.Fatalf("element %d is %v on one worker, %v on two", i, a.Data[i], b.Data[i])
		}
		if i >= block && a.Data[i] == a.Data[i-block] {
			same++
		}
	}
	if of := n - block; math.Abs(float64(same-of/2)) > 5*math.Sqrt(float64(of))/2 {
		t.Errorf("%d of %d elements are as in the block before", same, of)
	}
}

// The digits are compared as numbers are: with p = 5/8, which ends after three
// digits, a draw counts if its first three digits are below 5.
func TestChances(t *testing.T) {
	draws, words := tensor.NewStream(1, "chances"), tensor.NewStream(1, "chances")
	first, second, third := words.Uint64(), words.Uint64(), words.Uint64()
	if got, want := chances(draws, fraction(0.625)), ^first|^second&^third; got != want {
		t.Errorf("chances %#x, want %#x", got, want)
	}
	if got := chances(draws, fraction(1)); got != math.MaxUint64 {
		t.Errorf("chances of 1: %#x", got)
	}
	// Deep digits: 2^-20 of 2^24 draws.
	rare := 0
	for range 1 << 18 {
		rare += bits.OnesCount64(chances(draws, fraction(0x1p-20)))
	}
	if rare < 1 || rare > 40 {
		t.Errorf("%d draws with a probability of 2^-20, want 16 or so", rare)
	}
}

func TestProbabilitiesArePlain(t *testing.T) {
	x := tensor.New(2, 3)
	for _, p := range []float32{-0.1, 1.1, float32(math.NaN())} {
		for name, f := range map[string]func(*Tape, *tensor.Tensor, float32, *tensor.Stream) *tensor.Tensor{
			"Dropout": Dropout, "StochasticDepth": StochasticDepth,
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic for a probability of %v", name, p)
					}
				}()
				f(Untaped(), x, p, tensor.NewStream(1, ""))
			}()
		}
	}
}

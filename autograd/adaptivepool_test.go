package autograd

import (
	"fmt"
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Means and gradients against loops over PyTorch's windows, in float64.
func TestAdaptiveAvgPool(t *testing.T) {
	workers := parallel.New(2)
	defer workers.Close()
	for _, level := range cpu.Levels() {
		for _, c := range []struct{ n, h, w, c, oh, ow int }{
			{2, 5, 7, 3, 3, 4}, {1, 6, 6, 16, 3, 2}, {2, 4, 5, 8, 4, 5}, {1, 3, 2, 5, 7, 4}, {2, 7, 7, 24, 1, 3}, {2, 7, 5, 24, 3, 1},
			{1, 91, 90, 16, 1, 1}, {3, 7, 7, 33, 1, 1}, {1, 1, 1, 4, 1, 1}, {2, 61, 60, 6, 1, 1},
		} {
			t.Run(fmt.Sprint(level, c), func(t *testing.T) {
				defer cpu.Force(level)()
				x := tensor.Normal(tensor.NewStream(1, "x"), c.n, c.h, c.w, c.c)
				dy := tensor.Normal(tensor.NewStream(2, "dy"), c.n, c.oh, c.ow, c.c).Data
				x.NeedGrad = true
				tape := NewTape(workers)
				y := AdaptiveAvgPool(tape, x, c.oh, c.ow)
				if y.Shape != tensor.Of(c.n, c.oh, c.ow, c.c) {
					t.Fatalf("shape %v", y.Shape)
				}
				tape.BackwardFrom(y, dy)
				dx, sizes := make([]float64, len(x.Data)), make([]float64, len(x.Data))
				for i, got := range y.Data {
					n, oh, ow, ch := i/c.c/c.ow/c.oh, i/c.c/c.ow%c.oh, i/c.c%c.ow, i%c.c
					first := func(i, n, of int) int { return int(math.Floor(float64(i) * float64(n) / float64(of))) }
					end := func(i, n, of int) int { return int(math.Ceil(float64(i+1) * float64(n) / float64(of))) }
					top, bottom, left, right := first(oh, c.h, c.oh), end(oh, c.h, c.oh), first(ow, c.w, c.ow), end(ow, c.w, c.ow)
					area := float64((bottom - top) * (right - left))
					mean, size := 0.0, 0.0
					for h := top; h < bottom; h++ {
						for w := left; w < right; w++ {
							at := ((n*c.h+h)*c.w+w)*c.c + ch
							mean += float64(x.Data[at]) / area
							size += math.Abs(float64(x.Data[at])) / area
							dx[at] += float64(dy[i]) / area
							sizes[at] += math.Abs(float64(dy[i])) / area
						}
					}
					if !(math.Abs(float64(got)-mean) <= (area+2)*0x1p-24*size) {
						t.Fatalf("y[%d] = %v, want %v", i, got, mean)
					}
				}
				for at, want := range dx {
					if got := float64(x.Grad[at]); !(math.Abs(got-want) <= 10*0x1p-24*sizes[at]) {
						t.Fatalf("dx[%d] = %v, want %v", at, got, want)
					}
				}
			})
		}
	}
}

package models

import (
	"fmt"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/nn"
	"github.com/AlarioAI/bitnet/optim"
	"github.com/AlarioAI/bitnet/quant"
	"github.com/AlarioAI/bitnet/tensor"
)

// One training step (forward, backward, Adam) and one evaluation of 256 images.
func BenchmarkStep(b *testing.B) {
	const batch = 256
	for _, e := range All() {
		for _, recipe := range []quant.Recipe{quant.Float, quant.B158} {
			o := e.Default
			model := nn.Swap(MustNew(e.Name, o), recipe)
			x := tensor.Normal(tensor.NewStream(1, "benchmark"), batch, o.Size, o.Size, o.Channels)
			labels := make([]int32, batch)
			for i := range labels {
				labels[i] = int32(i % o.Classes)
			}
			run := func(mode string, step func(t *autograd.Tape, workers *parallel.Pool)) {
				b.Run(fmt.Sprintf("mode=%s/model=%s/recipe=%v", mode, e.Name, recipe), func(b *testing.B) {
					workers := parallel.New(0)
					defer workers.Close()
					t := autograd.NewTape(workers)
					b.ReportAllocs()
					for b.Loop() {
						t.Reset()
						step(t, workers)
					}
					b.ReportMetric(batch*float64(b.N)/b.Elapsed().Seconds(), "images/s")
				})
			}
			adam := optim.Adam{LR: 1e-3}.Start(nn.Tensors(nn.Parameters(model)))
			run("train", func(t *autograd.Tape, workers *parallel.Pool) {
				ctx := &nn.Context{Tape: t, Training: true}
				t.Backward(autograd.CrossEntropy(t, model.Forward(ctx, x), labels))
				adam.Step(workers)
			})
			run("eval", func(t *autograd.Tape, workers *parallel.Pool) {
				t.Record(false)
				model.Forward(&nn.Context{Tape: t}, x)
			})
		}
	}
}

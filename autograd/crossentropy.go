package autograd

import (
	"fmt"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// CrossEntropy computes the mean over the samples of the negative log
// likelihood of their labels,
//
//	loss = 1/N sum(i) (log(sum(j) exp(x[i,j])) - x[i,label[i]])
//
// for logits x (N, classes), as a tensor of shape (1). PyTorch:
// torch.nn.functional.cross_entropy.
func CrossEntropy(t *Tape, x *tensor.Tensor, labels []int32) *tensor.Tensor {
	if x.Shape.Rank() != 2 || x.Shape.Dim(0) != len(labels) || len(labels) == 0 {
		panic(fmt.Sprintf("autograd.CrossEntropy: logits %v with %d labels, want (N, classes) with N labels", x.Shape, len(labels)))
	}
	classes := x.Shape.Dim(1)
	for _, label := range labels {
		if label < 0 || int(label) >= classes {
			panic(fmt.Sprintf("autograd.CrossEntropy: label %d, want 0 to %d", label, classes-1))
		}
	}
	p, losses := t.arena.Floats(len(x.Data)), t.arena.Floats(len(labels))
	type work struct {
		p, losses, x []float32
		labels       []int32
	}
	rows(t, x, work{p, losses, x.Data, labels}, func(w *work, lo, hi int) {
		row, i := w.x[lo:hi], lo/(hi-lo)
		w.losses[i] = float32(softmaxRow(w.p[lo:hi], row) - float64(row[w.labels[i]]))
	})
	sum := 0.0
	for _, loss := range losses {
		sum += float64(loss)
	}
	t.arena.Release(losses)
	y := t.arena.Tensor(tensor.Of(1))
	y.Data[0] = float32(sum / float64(len(labels)))
	if t.Needs(x) {
		*Push[crossEntropyOp](t, y) = crossEntropyOp{x, y, p, labels}
	}
	return y
}

type crossEntropyOp struct {
	x, y   *tensor.Tensor
	p      []float32 // softmax(x)
	labels []int32
}

// dx[i,j] = dy/N * (softmax(x)[i,j] - [j = label[i]]).
func (o *crossEntropyOp) Backward(t *Tape) {
	classes := o.x.Shape.Dim(1)
	scale := o.y.Grad[0] / float32(len(o.labels))
	dx := t.arena.Floats(len(o.x.Data))
	type work struct {
		dx, p []float32
		scale float32
	}
	blocks(t, len(dx), work{dx, o.p, scale}, func(w *work, lo, hi int) { kernel.Scale(w.dx[lo:hi], w.scale, w.p[lo:hi]) })
	for i, label := range o.labels {
		dx[i*classes+int(label)] -= scale
	}
	t.AddGrad(o.x, dx)
}

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
	step := max(1, blockValues/classes)
	t.workers.For((len(labels)+step-1)/step, func(block int) {
		for i := block * step; i < min((block+1)*step, len(labels)); i++ {
			row := x.Data[i*classes:][:classes]
			losses[i] = float32(softmaxRow(p[i*classes:][:classes], row) - float64(row[labels[i]]))
		}
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
	t.Blocks(len(dx), func(lo, hi int) { kernel.Scale(dx[lo:hi], scale, o.p[lo:hi]) })
	for i, label := range o.labels {
		dx[i*classes+int(label)] -= scale
	}
	t.AddGrad(o.x, dx)
}

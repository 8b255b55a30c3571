package gemm

import (
	"github.com/AlarioAI/bitnet/internal/parallel"
	"github.com/AlarioAI/bitnet/tensor"
)

// Fit returns n images x inside their frames: x itself where the frame is bare
// and x has the slack that kernels need behind its last row, else a copy in
// zeros.
func (f Frame) Fit(workers *parallel.Pool, arena *tensor.Arena, x []float32, n int) []float32 {
	if f.Bare() && cap(x)-len(x) >= tensor.Slack {
		return x
	}
	framed := arena.Floats(n * f.Len())
	workers.For(n, func(i int) {
		Surround(f, framed[i*f.Len():], 0)
		for h := range f.H {
			copy(f.Row(framed[i*f.Len():], h), x[(i*f.H+h)*f.W*f.C:])
		}
	})
	return framed
}

// Row returns image row h inside a framed sample.
func (f Frame) Row(sample []float32, h int) []float32 { return row(f, sample, h) }

// CodeRow is Row for a sample of codes.
func (f Frame) CodeRow(sample []uint8, h int) []uint8 { return row(f, sample, h) }

func row[T any](f Frame, sample []T, h int) []T {
	return sample[(f.Top+h)*f.RowLen()+f.Left*f.C:][:f.W*f.C]
}

// Surround fills everything around the image of a framed sample with value.
func Surround[T comparable](f Frame, sample []T, value T) {
	if f.Bare() {
		return
	}
	line, left, right := f.RowLen(), f.Left*f.C, (f.Left+f.W)*f.C
	fill(sample[:f.Top*line], value)
	fill(sample[(f.Top+f.H)*line:f.Rows()*line], value)
	for h := range f.H {
		r := sample[(f.Top+h)*line:][:line]
		fill(r[:left], value)
		fill(r[right:], value)
	}
}

func fill[T comparable](s []T, value T) {
	if value == *new(T) {
		clear(s) // several times faster than a loop
		return
	}
	for i := range s {
		s[i] = value
	}
}

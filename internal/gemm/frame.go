package gemm

// CodeRow returns image row h inside a framed sample of codes.
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
	if value == *new(T) || len(s) == 0 {
		clear(s) // several times faster than a loop
		return
	}
	s[0] = value
	for n := 1; n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}

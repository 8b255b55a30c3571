package kernel

import "fmt"

// Sums of depthwise convolutions: nothing is added up over channels, which fill
// the lanes. In a row of pixels a convolution has a sum for each pixel of the
// output and a term for each tap of the filter's row. The weight gradient has
// it the other way round: a sum for each tap, a term for each pixel. So both
// are the same kernel.

// A Line says which columns of an image the sums of a row and their terms meet:
// sum i has term k if
//
//	0 <= sums[i]+terms[k] < width
//
// which is the column of x that it reads then. A Line is read-only.
type Line struct {
	sums, terms []int
	width       int

	floats, codes tiling // for channels that fill the registers
	any           tiling // for those that are left
}

// NewLine returns a line. Neighbours in sums have equal distances, and so have
// neighbours in terms.
func NewLine(sums, terms []int, width int) *Line {
	l := &Line{sums: sums, terms: terms, width: width}
	l.floats, l.codes, l.any = l.tile(l.best(false)), l.tile(l.best(true)), l.tile(0)
	return l
}

func (l *Line) has(i, k int) bool {
	column := l.sums[i] + l.terms[k]
	return column >= 0 && column < l.width
}

// A Row says where a row of sums and its terms begin in y, init, a and x, and in
// how many rows the terms come. Rows are computed in order, and may add to the
// same sums. The assembly knows the type.
type Row struct{ Y, Init, A, X, Terms int }

// Steps says where the terms lie in memory.
type Steps struct {
	A, X   int // from one row of terms to the next, in a and in x
	Column int // from one column to the next, in a and in x

	// Hints, which change no value.
	To    Target       // where y goes
	Ahead [2][]float32 // what will be read: DepthwiseF32 fetches it into the caches
}

// holds reports whether an array of the given size has places for all sums of
// rows of which the last begins at the given place.
func (l *Line) holds(size, last, step, channels int) bool {
	return len(l.sums) == 0 || step >= 0 && last+(len(l.sums)-1)*step+channels <= size
}

// last returns the greatest of the places where rows begin in y and in init.
func last(rows []Row) (y, init int) {
	for i := range rows {
		y, init = max(y, rows[i].Y), max(init, rows[i].Init)
	}
	return y, init
}

func (l *Line) mistake(op string, y, yStep, init, initStep, channels int) string {
	return fmt.Sprintf("kernel.%s: %d sums of %d channels in an array of %d with a step of %d, added to one of %d with a step of %d",
		op, len(l.sums), channels, y, yStep, init, initStep)
}

// DepthwiseF32 computes float32 sums. For each row, each sum i of the line and
// each channel c < channels,
//
//	y[Y+i*yStep+c] = init[Init+i*initStep+c]
//	               + sum(r<Terms, k) a[A+r*s.A+k*Column+c] * x[X+r*s.X+(sums[i]+terms[k])*Column+c]
//
// over the terms k that sum i has. y may be init. That the terms lie within a
// and x is up to the caller.
//
// The assembly may multiply values of x by zero that are no terms of a sum: a
// NaN or an infinity in x reaches the sums around it.
func DepthwiseF32(y []float32, yStep int, init []float32, initStep int, a, x []float32, channels int, l *Line, rows []Row, s Steps) {
	if len(rows) == 0 {
		return
	}
	if lastY, lastInit := last(rows); !l.holds(len(y), lastY, yStep, channels) || !l.holds(len(init), lastInit, initStep, channels) {
		panic(l.mistake("DepthwiseF32", len(y), yStep, len(init), initStep, channels))
	}
	if len(l.sums) > 0 {
		depthwiseF32(y, yStep, init, initStep, a, x, channels, l, rows, s)
	}
}

func depthwiseF32Generic(y []float32, yStep int, init []float32, initStep int, a, x []float32, channels int, l *Line, rows []Row, s Steps) {
	for _, row := range rows {
		for i, first := range l.sums {
			sum := y[row.Y+i*yStep:][:channels]
			copy(sum, init[row.Init+i*initStep:])
			for r := range row.Terms {
				for k, offset := range l.terms {
					if !l.has(i, k) {
						continue
					}
					values := x[row.X+r*s.X+(first+offset)*s.Column:][:channels]
					for c, w := range a[row.A+r*s.A+k*s.Column:][:channels] {
						sum[c] += w * values[c]
					}
				}
			}
		}
	}
}

// MaxTermsU8S8 is the largest number of terms, rows times columns, that
// DepthwiseU8S8 adds.
const MaxTermsU8S8 = 255

// DepthwiseU8S8 computes sums of codes, exactly. The codes of x are stored with
// 128 added (see QuantiseU8), those of a are in {-1, 0, +1}. For each row,
// each sum i of the line and each channel c < channels,
//
//	n              = sum(r<Terms, k) a[A+r*s.A+k*Column+c] * (x[X+r*s.X+(sums[i]+terms[k])*Column+c] - 128)
//	y[Y+i*yStep+c] = float32(n)*scale + bias[c]
//
// over the terms k that sum i has. The product is rounded before the sum, on
// every level, and Init does not count. That the terms lie within a and x is up
// to the caller; both may be read up to 31 codes beyond the last channel.
func DepthwiseU8S8(y []float32, yStep int, scale float32, bias []float32, a []int8, x []uint8, channels int, l *Line, rows []Row, s Steps) {
	if len(rows) == 0 {
		return
	}
	lastY, _ := last(rows)
	if !l.holds(len(y), lastY, yStep, channels) || !l.holds(len(bias), 0, 0, channels) {
		panic(l.mistake("DepthwiseU8S8", len(y), yStep, len(bias), 0, channels))
	}
	for i := range rows {
		if n := rows[i].Terms * len(l.terms); n > MaxTermsU8S8 {
			panic(fmt.Sprintf("kernel.DepthwiseU8S8: %d terms, at most %d fit", n, MaxTermsU8S8))
		}
	}
	if len(l.sums) > 0 {
		depthwiseU8S8(y, yStep, scale, bias, a, x, channels, l, rows, s)
	}
}

func depthwiseU8S8Generic(y []float32, yStep int, scale float32, bias []float32, a []int8, x []uint8, channels int, l *Line, rows []Row, s Steps) {
	for _, row := range rows {
		for i, first := range l.sums {
			for c := range channels {
				n := int32(0)
				for r := range row.Terms {
					for k, offset := range l.terms {
						if l.has(i, k) {
							n += int32(a[row.A+r*s.A+k*s.Column+c]) * (int32(x[row.X+r*s.X+(first+offset)*s.Column+c]) - 128)
						}
					}
				}
				y[row.Y+i*yStep+c] = float32(float32(n)*scale) + bias[c]
			}
		}
	}
}

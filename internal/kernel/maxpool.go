package kernel

import "fmt"

// MaxPool computes one pixel of a max pooling, of c = len(y) channels, from a
// window of rows x cols pixels. The first one is at the start of x, and line
// values lie between the starts of rows:
//
//	y[j] = max(r < rows, s < cols) x[r*line + s*c + j]
//
// A NaN is greater than all numbers. All levels agree exactly.
func MaxPool(y, x []float32, line, rows, cols int) {
	checkWindow("MaxPool", y, x, line, rows, cols)
	if len(y) > 0 {
		maxPool(y, x, line, rows, cols)
	}
}

func maxPoolGeneric(y, x []float32, line, rows, cols int) {
	copy(y, x)
	for r := range rows {
		for s := range cols {
			for j, v := range x[r*line+s*len(y):][:len(y)] {
				if v > y[j] || v != v {
					y[j] = v
				}
			}
		}
	}
}

// MaxPoolGrad adds dy[j] to the gradient of the first of the window's pixels, row
// by row, that is y[j]. x and dx are laid out alike.
func MaxPoolGrad(dx, x, y, dy []float32, line, rows, cols int) {
	checkWindow("MaxPoolGrad", y, x, line, rows, cols)
	checkWindow("MaxPoolGrad", y, dx, line, rows, cols)
	sameLength("MaxPoolGrad", y, dy)
	if len(y) > 0 {
		maxPoolGrad(dx, x, y, dy, line, rows, cols)
	}
}

func maxPoolGradGeneric(dx, x, y, dy []float32, line, rows, cols int) {
	for j, most := range y {
		rest := dy[j]
		for r := range rows {
			for s := range cols {
				i := r*line + s*len(y) + j
				share := float32(0)
				if x[i] == most {
					share, rest = rest, 0
				}
				dx[i] += share
			}
		}
	}
}

func checkWindow(op string, y, x []float32, line, rows, cols int) {
	if rows < 1 || cols < 1 || line < 0 || len(x) < (rows-1)*line+cols*len(y) {
		panic(fmt.Sprintf("kernel.%s: %d values for a window of %d x %d pixels of %d channels, lines of %d", op, len(x), rows, cols, len(y), line))
	}
}

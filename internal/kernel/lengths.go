package kernel

import "fmt"

// sameLength panics if two arrays of an operation differ in length.
func sameLength(op string, x, y []float32) {
	if len(x) != len(y) {
		panic(fmt.Sprintf("kernel.%s: arrays of %d and %d values", op, len(x), len(y)))
	}
}

// wholeRows panics if x is not a matrix of cols columns.
func wholeRows(op string, x []float32, cols int) {
	if cols == 0 || len(x)%cols != 0 {
		panic(fmt.Sprintf("kernel.%s: %d values in rows of %d", op, len(x), cols))
	}
}

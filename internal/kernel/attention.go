package kernel

import "fmt"

// Transpose writes the columns of a matrix as rows, multiplied by a:
//
//	dst[j*ldd+i] = a * src[i*lds+j]
//
// for i < rows, j < cols. All levels agree exactly.
func Transpose(dst []float32, ldd int, src []float32, lds, rows, cols int, a float32) {
	empty := rows == 0 || cols == 0
	if rows < 0 || cols < 0 || ldd < rows || lds < cols || !empty && (len(dst) < (cols-1)*ldd+rows || len(src) < (rows-1)*lds+cols) {
		panic(fmt.Sprintf("kernel.Transpose: %d rows and %d columns, from %d values with a stride of %d to %d with one of %d",
			rows, cols, len(src), lds, len(dst), ldd))
	}
	if !empty {
		transpose(dst, ldd, src, lds, rows, cols, a)
	}
}

func transposeGeneric(dst []float32, ldd int, src []float32, lds, rows, cols int, a float32) {
	for i := range rows {
		for j, v := range src[i*lds:][:cols] {
			dst[j*ldd+i] = a * v
		}
	}
}

// TransposeCodes writes the columns of a matrix of groups of four codes as rows:
//
//	dst[(j*ldd+i)*4+q] = src[(i*lds+j)*4+q]
//
// for i < rows, j < cols, q < 4.
func TransposeCodes(dst []int8, ldd int, src []int8, lds, rows, cols int) {
	empty := rows == 0 || cols == 0
	if rows < 0 || cols < 0 || ldd < rows || lds < cols || !empty && (len(dst) < 4*((cols-1)*ldd+rows) || len(src) < 4*((rows-1)*lds+cols)) {
		panic(fmt.Sprintf("kernel.TransposeCodes: %d rows and %d columns of four, from %d codes with a stride of %d to %d with one of %d",
			rows, cols, len(src), lds, len(dst), ldd))
	}
	if !empty {
		transposeCodes(dst, ldd, src, lds, rows, cols)
	}
}

func transposeCodesGeneric(dst []int8, ldd int, src []int8, lds, rows, cols int) {
	for i := range rows {
		for j := range cols {
			copy(dst[(j*ldd+i)*4:][:4], src[(i*lds+j)*4:])
		}
	}
}

// Scale computes dst[i] = a*x[i]. dst may be x. All levels agree exactly.
func Scale(dst []float32, a float32, x []float32) {
	sameLength("Scale", dst, x)
	scale(dst, a, x)
}

func scaleGeneric(dst []float32, a float32, x []float32) {
	for i, v := range x {
		dst[i] = a * v
	}
}

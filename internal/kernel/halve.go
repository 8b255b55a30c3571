package kernel

import "fmt"

// Halve computes one row of a mean pooling of 2x2 pixels with c channels from
// the two rows it covers. For i < len(y)/c, j < c:
//
//	y[i*c+j] = ((top[2*i*c+j] + bottom[2*i*c+j]) + (top[(2*i+1)*c+j] + bottom[(2*i+1)*c+j])) / 4
//
// All levels agree exactly.
func Halve(y, top, bottom []float32, c int) {
	checkHalves("Halve", y, top, bottom, c)
	halve(y, top, bottom, c)
}

func halveGeneric(y, top, bottom []float32, c int) {
	for i := 0; i < len(y); i += c {
		for j := i; j < i+c; j++ {
			left, right := i+j, i+j+c
			y[j] = ((top[left] + bottom[left]) + (top[right] + bottom[right])) * 0.25
		}
	}
}

// HalveGrad computes the gradient of Halve's operands:
//
//	dtop[2*i*c+j], dtop[(2*i+1)*c+j], dbottom[2*i*c+j], dbottom[(2*i+1)*c+j] = dy[i*c+j] / 4
func HalveGrad(dtop, dbottom, dy []float32, c int) {
	checkHalves("HalveGrad", dy, dtop, dbottom, c)
	halveGrad(dtop, dbottom, dy, c)
}

func halveGradGeneric(dtop, dbottom, dy []float32, c int) {
	for i := 0; i < len(dy); i += c {
		for j := i; j < i+c; j++ {
			g := dy[j] * 0.25
			left, right := i+j, i+j+c
			dtop[left], dtop[right], dbottom[left], dbottom[right] = g, g, g, g
		}
	}
}

func checkHalves(op string, y, top, bottom []float32, c int) {
	if c < 1 || len(y)%c != 0 || len(top) < 2*len(y) || len(bottom) < 2*len(y) {
		panic(fmt.Sprintf("kernel.%s: arrays of %d, %d and %d values, %d channels", op, len(y), len(top), len(bottom), c))
	}
}

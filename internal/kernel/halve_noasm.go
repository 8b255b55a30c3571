//go:build !amd64 || purego

package kernel

func halve(y, top, bottom []float32, c int) { halveGeneric(y, top, bottom, c) }

func halveGrad(dtop, dbottom, dy []float32, c int) { halveGradGeneric(dtop, dbottom, dy, c) }

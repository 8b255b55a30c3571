//go:build !amd64 || purego

package kernel

func rowMoments(mean, squares, x []float32, d int, share float32) {
	rowMomentsGeneric(mean, squares, x, d, share)
}

func rowNorm(y, x, mean, rstd, weight, bias []float32, _ Target) {
	rowNormGeneric(y, x, mean, rstd, weight, bias)
}

func rowNormSums(sum, dot, dweight, dbias, dy, x, mean, rstd, weight []float32) {
	rowNormSumsGeneric(sum, dot, dweight, dbias, dy, x, mean, rstd, weight)
}

func rowNormGrad(dx, dy, x, mean, rstd, weight, meanG, meanGX []float32) {
	rowNormGradGeneric(dx, dy, x, mean, rstd, weight, meanG, meanGX)
}

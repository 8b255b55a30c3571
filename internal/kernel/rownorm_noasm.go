//go:build !amd64 || purego

package kernel

func rowNorm(y, x []float32, mean, rstd float32, weight, bias []float32) {
	rowNormGeneric(y, x, mean, rstd, weight, bias)
}

func rowNormSums(dweight, dbias, dy, x []float32, mean, rstd float32, weight []float32) (sum, dot float32) {
	return rowNormSumsGeneric(dweight, dbias, dy, x, mean, rstd, weight)
}

func rowNormGrad(dx, dy, x []float32, mean, rstd float32, weight []float32, meanG, meanGX float32) {
	rowNormGradGeneric(dx, dy, x, mean, rstd, weight, meanG, meanGX)
}

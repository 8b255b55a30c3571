package kernel

// Layer norm and RMS norm of one row, with its mean (zero for RMS norm) and the
// reciprocal rstd of its standard deviation, or root mean square. All slices of a
// call have the same length.

// RowNorm computes y[j] = (x[j]-mean)*rstd*weight[j] + bias[j]. y may be x. All
// levels agree exactly.
func RowNorm(y, x []float32, mean, rstd float32, weight, bias []float32) {
	sameLength("RowNorm", y, x)
	sameLength("RowNorm", y, weight)
	sameLength("RowNorm", y, bias)
	rowNorm(y, x, mean, rstd, weight, bias)
}

func rowNormGeneric(y, x []float32, mean, rstd float32, weight, bias []float32) {
	for j, v := range x {
		xhat := float32((v - mean) * rstd)
		y[j] = float32(xhat*weight[j]) + bias[j]
	}
}

// RowNormSums adds a row's part of the gradients of weight and bias, and returns
// the sums that the gradient of x needs. With xhat[j] = (x[j]-mean)*rstd and g[j]
// = dy[j]*weight[j],
//
//	dweight[j] += dy[j]*xhat[j]
//	dbias[j]   += dy[j]
//	sum = sum(j) g[j]
//	dot = sum(j) g[j]*xhat[j]
func RowNormSums(dweight, dbias, dy, x []float32, mean, rstd float32, weight []float32) (sum, dot float32) {
	sameLength("RowNormSums", dy, dweight)
	sameLength("RowNormSums", dy, dbias)
	sameLength("RowNormSums", dy, x)
	sameLength("RowNormSums", dy, weight)
	return rowNormSums(dweight, dbias, dy, x, mean, rstd, weight)
}

func rowNormSumsGeneric(dweight, dbias, dy, x []float32, mean, rstd float32, weight []float32) (sum, dot float32) {
	s, t := 0.0, 0.0
	for j, d := range dy {
		xhat := float32((x[j] - mean) * rstd)
		dweight[j] += d * xhat
		dbias[j] += d
		g := float64(d * weight[j])
		s += g
		t += g * float64(xhat)
	}
	return float32(s), float32(t)
}

// RowNormGrad computes the gradient of x. With meanG and meanGX the means of g[j] and
// g[j]*xhat[j], see RowNormSums,
//
//	dx[j] = rstd * ((dy[j]*weight[j] - meanG) - xhat[j]*meanGX)
//
// dx may be dy. All levels agree exactly.
func RowNormGrad(dx, dy, x []float32, mean, rstd float32, weight []float32, meanG, meanGX float32) {
	sameLength("RowNormGrad", dx, dy)
	sameLength("RowNormGrad", dx, x)
	sameLength("RowNormGrad", dx, weight)
	rowNormGrad(dx, dy, x, mean, rstd, weight, meanG, meanGX)
}

func rowNormGradGeneric(dx, dy, x []float32, mean, rstd float32, weight []float32, meanG, meanGX float32) {
	for j, d := range dy {
		xhat := float32((x[j] - mean) * rstd)
		dx[j] = rstd * ((float32(d*weight[j]) - meanG) - float32(xhat*meanGX))
	}
}

package kernel

import "fmt"

// Layer norm and RMS norm of rows of d values, as many as there are means. Each
// row has its mean (zero for RMS norm) and the reciprocal rstd of its standard
// deviation, or root mean square. weight and bias have d values.

// RowMoments computes, for each row of d values,
//
//	mean    = share * sum(j) x[j]
//	squares = sum(j) (x[j]-mean)^2
//
// share is 1/d, or 0 for a mean of zero.
func RowMoments(mean, squares, x []float32, d int, share float32) {
	checkRows("RowMoments", mean, d, x)
	sameLength("RowMoments", mean, squares)
	rowMoments(mean, squares, x, d, share)
}

func rowMomentsGeneric(mean, squares, x []float32, d int, share float32) {
	for i := range mean {
		row := x[i*d:][:d]
		mean[i] = share * sumGeneric(row)
		sum, _ := extentGeneric(row, mean[i])
		squares[i] = float32(sum)
	}
}

// RowNorm computes y[j] = (x[j]-mean)*rstd*weight[j] + bias[j] for each row. y may
// be x. All levels agree exactly.
func RowNorm(y, x, mean, rstd, weight, bias []float32, to Target) {
	checkRows("RowNorm", mean, len(weight), x)
	sameLength("RowNorm", y, x)
	sameLength("RowNorm", mean, rstd)
	sameLength("RowNorm", weight, bias)
	rowNorm(y, x, mean, rstd, weight, bias, to)
}

func rowNormGeneric(y, x, mean, rstd, weight, bias []float32) {
	d := len(weight)
	for i, m := range mean {
		y := y[i*d:][:d]
		for j, v := range x[i*d:][:d] {
			xhat := float32((v - m) * rstd[i])
			y[j] = float32(xhat*weight[j]) + bias[j]
		}
	}
}

// RowNormSums adds the rows' part of the gradients of weight and bias, and computes
// the sums that the gradient of each row needs. With xhat[j] = (x[j]-mean)*rstd and
// g[j] = dy[j]*weight[j],
//
//	dweight[j] += dy[j]*xhat[j]
//	dbias[j]   += dy[j]
//	sum = sum(j) g[j]
//	dot = sum(j) g[j]*xhat[j]
func RowNormSums(sum, dot, dweight, dbias, dy, x, mean, rstd, weight []float32) {
	checkRows("RowNormSums", mean, len(weight), x)
	sameLength("RowNormSums", dy, x)
	sameLength("RowNormSums", mean, rstd)
	sameLength("RowNormSums", mean, sum)
	sameLength("RowNormSums", mean, dot)
	sameLength("RowNormSums", weight, dweight)
	sameLength("RowNormSums", weight, dbias)
	rowNormSums(sum, dot, dweight, dbias, dy, x, mean, rstd, weight)
}

func rowNormSumsGeneric(sum, dot, dweight, dbias, dy, x, mean, rstd, weight []float32) {
	d := len(weight)
	for i, m := range mean {
		s, t := 0.0, 0.0
		x := x[i*d:][:d]
		for j, d := range dy[i*d:][:d] {
			xhat := float32((x[j] - m) * rstd[i])
			dweight[j] += d * xhat
			dbias[j] += d
			g := float64(d * weight[j])
			s += g
			t += g * float64(xhat)
		}
		sum[i], dot[i] = float32(s), float32(t)
	}
}

// RowNormGrad computes the gradient of x. With meanG and meanGX the means of g[j] and
// g[j]*xhat[j] of each row, see RowNormSums,
//
//	dx[j] = rstd * ((dy[j]*weight[j] - meanG) - xhat[j]*meanGX)
//
// dx may be dy. All levels agree exactly.
func RowNormGrad(dx, dy, x, mean, rstd, weight, meanG, meanGX []float32) {
	checkRows("RowNormGrad", mean, len(weight), x)
	sameLength("RowNormGrad", dx, x)
	sameLength("RowNormGrad", dy, x)
	sameLength("RowNormGrad", mean, rstd)
	sameLength("RowNormGrad", mean, meanG)
	sameLength("RowNormGrad", mean, meanGX)
	rowNormGrad(dx, dy, x, mean, rstd, weight, meanG, meanGX)
}

func rowNormGradGeneric(dx, dy, x, mean, rstd, weight, meanG, meanGX []float32) {
	d := len(weight)
	for i, m := range mean {
		dx, x := dx[i*d:][:d], x[i*d:][:d]
		for j, d := range dy[i*d:][:d] {
			xhat := float32((x[j] - m) * rstd[i])
			dx[j] = rstd[i] * ((float32(d*weight[j]) - meanG[i]) - float32(xhat*meanGX[i]))
		}
	}
}

func checkRows(op string, mean []float32, d int, x []float32) {
	if d < 0 || len(x) != len(mean)*d {
		panic(fmt.Sprintf("kernel.%s: %d values in %d rows of %d", op, len(x), len(mean), d))
	}
}

package tensor

// ChannelsLast returns images NCHW as NHWC, or convolution weights OIHW as
// OHWI, which is the same move of axis 1 to the end. Tensors of any other rank
// have no such axis and are returned as they are.
func ChannelsLast(t *Tensor) *Tensor {
	if t.Shape.Rank() != 4 {
		return t
	}
	n, c, h, w := t.Shape.Dim(0), t.Shape.Dim(1), t.Shape.Dim(2), t.Shape.Dim(3)
	out := New(n, h, w, c)
	transpose(out.Data, t.Data, n, c, h*w)
	return out
}

// ChannelsFirst is the inverse of ChannelsLast: NHWC to NCHW, OHWI to OIHW.
func ChannelsFirst(t *Tensor) *Tensor {
	if t.Shape.Rank() != 4 {
		return t
	}
	n, h, w, c := t.Shape.Dim(0), t.Shape.Dim(1), t.Shape.Dim(2), t.Shape.Dim(3)
	out := New(n, c, h, w)
	transpose(out.Data, t.Data, n, h*w, c)
	return out
}

// ChannelsFirst returns the shape that the function of this name gives a tensor.
func (s Shape) ChannelsFirst() Shape {
	if s.rank == 4 {
		s.dim[1], s.dim[2], s.dim[3] = s.dim[3], s.dim[1], s.dim[2]
	}
	return s
}

// transpose writes each of n matrices of the given size transposed:
//
//	dst[i][col][row] = src[i][row][col]
func transpose(dst, src []float32, n, rows, cols int) {
	for i := range n {
		at := i * rows * cols
		for row := range rows {
			for col := range cols {
				dst[at+col*rows+row] = src[at+row*cols+col]
			}
		}
	}
}

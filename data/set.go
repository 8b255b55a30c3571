package data

// Images are N labelled images of one size, as bytes.
type Images struct {
	N, H, W, C int
	Pixels     []uint8 // (N, H, W, C), the channel fastest
	Labels     []int32 // (N), each in [0, Set.Classes)
}

// Size returns the number of bytes of one image: H*W*C.
func (m *Images) Size() int { return m.H * m.W * m.C }

// Image returns the pixels (H, W, C) of image i, sharing memory with m.
func (m *Images) Image(i int) []uint8 {
	size := m.Size()
	return m.Pixels[i*size : (i+1)*size : (i+1)*size]
}

// All returns the indices of all images: 0, 1, ..., N-1.
func (m *Images) All() []int {
	all := make([]int, m.N)
	for i := range all {
		all[i] = i
	}
	return all
}

// A Set is a data set of labelled images, in the parts that its authors
// published. Train is what a run may look at: fit on one part of it, choose
// with the other (see Split). Test is for the final figure only.
type Set struct {
	Name        string
	Classes     int     // number of classes; labels are 0 to Classes-1
	Train, Test *Images // same H, W and C

	// Mean and Std of each channel of Train, with pixels scaled to [0, 1].
	// See Images.MeanStd.
	Mean, Std []float32
}

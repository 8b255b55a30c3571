package data

import "fmt"

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

// maxSize bounds the side of a resized image. A larger one is more likely a
// mistake, and its bytes would pass 2^31.
const maxSize = 1 << 14

// CheckFit returns an error if a loader cannot make images (size, size,
// channels) of these, or of their own size and channels where one is 0: if size
// is not in [0, 16384], or if channels differs from theirs and is not 3 for
// grey images.
func (m *Images) CheckFit(size, channels int) error {
	switch {
	case size < 0 || size > maxSize:
		return fmt.Errorf("size %d, expected 0 (as the images are) to %d", size, maxSize)
	case channels == 0, channels == m.C, channels == 3 && m.C == 1:
		return nil
	case m.C == 1:
		return fmt.Errorf("channels %d, expected 1 or 3 as the images are grey", channels)
	default:
		return fmt.Errorf("channels %d, expected %d as the images have", channels, m.C)
	}
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

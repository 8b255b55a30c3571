package data

import "fmt"

// Images are N labelled images: all of one size as bytes, or encoded, as JPEG or
// PNG, in any sizes. Encoded images come from a folder (see Open) only.
type Images struct {
	N, H, W, C int     // H and W are 0 if images differ in them
	Pixels     []uint8 // (N, H, W, C), the channel fastest; nil if images are encoded
	Labels     []int32 // (N), each in [0, Set.Classes)

	encoded *encoded // nil if images are bytes
}

// Size returns the number of bytes of one image, H*W*C: 0 if they differ in size.
func (m *Images) Size() int { return m.H * m.W * m.C }

// Image returns the pixels (H, W, C) of image i, with its own H and W if images
// differ in size: see ImageSize. They share memory with m, unless m is encoded.
func (m *Images) Image(i int) []uint8 {
	pixels, _, _ := m.decode(i, new([]uint8))
	return pixels
}

// ImageSize returns the height and the width of image i.
func (m *Images) ImageSize(i int) (h, w int) {
	if m.encoded != nil {
		return m.encoded.images[i].h, m.encoded.images[i].w
	}
	return m.H, m.W
}

// decode returns the pixels (h, w, C) of image i. If m is encoded they are in
// buf, which grows where it has to.
func (m *Images) decode(i int, buf *[]uint8) (pixels []uint8, h, w int) {
	if m.encoded != nil {
		return m.encoded.decode(i, m.C, buf)
	}
	size := m.Size()
	return m.Pixels[i*size : (i+1)*size : (i+1)*size], m.H, m.W
}

// filters returns those that resize the images, by the length of a side.
func (m *Images) filters(size int) map[int]*filter {
	all := map[int]*filter{}
	for i := range m.N {
		h, w := m.ImageSize(i)
		for _, side := range [2]int{h, w} {
			if all[side] == nil {
				all[side] = newFilter(side, size)
			}
		}
		if m.encoded == nil {
			break // one for all
		}
	}
	return all
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
// is not in [0, 16384], or is 0 for images that differ in size, or if channels
// differs from theirs and is not 3 for grey images.
func (m *Images) CheckFit(size, channels int) error {
	switch {
	case size < 0 || size > maxSize:
		return fmt.Errorf("size %d, expected 0 (as the images are) to %d", size, maxSize)
	case size == 0 && m.H == 0 && m.encoded != nil:
		return fmt.Errorf("size 0 (as the images are), expected 1 to %d as they differ in size", maxSize)
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
	Classes     int      // number of classes; labels are 0 to Classes-1
	ClassNames  []string // of each class; nil where the files do not say
	Train, Test *Images  // same H, W and C

	// Mean and Std of each channel of Train, with pixels scaled to [0, 1].
	// See Images.MeanStd.
	Mean, Std []float32
}

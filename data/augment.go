package data

import "github.com/AlarioAI/bitnet/tensor"

// augments reports whether the loader changes images at random.
func (c *LoaderConfig) augments() bool { return c.Crop > 0 || c.Flip }

// augment writes src (H, W, C), cropped and flipped as chance has it for the
// image of an index in an epoch, to dst (H, W, C): torchvision's
// RandomCrop((H, W), padding=Crop), then its RandomHorizontalFlip. The draws are
// how far down and how far to the right the crop begins, then the flip.
func (l *Loader) augment(dst, src []uint8, epoch, index int) {
	chance := tensor.NewStream(l.config.Seed, "augment", uint64(epoch), uint64(index))
	down, right := 0, 0
	if pad := l.config.Crop; pad > 0 {
		down = chance.Intn(2*pad+1) - pad
		right = chance.Intn(2*pad+1) - pad
	}
	shift(dst, src, l.images.H, l.images.W, l.images.C, down, right)
	if l.config.Flip && chance.Intn(2) == 1 {
		flip(dst, l.images.W, l.images.C)
	}
}

// shift computes, for images (H, W, C),
//
//	dst[y][x] = src[y+down][x+right]   black where that is outside
func shift(dst, src []uint8, h, w, c, down, right int) {
	row := w * c
	from, to := min(max(0, -right), w)*c, max(min(w, w-right), 0)*c // the part of a row that is inside
	for y := range h {
		d := dst[y*row:][:row]
		if y+down < 0 || y+down >= h || from >= to {
			clear(d)
			continue
		}
		s := src[(y+down)*row:][:row]
		clear(d[:from])
		copy(d[from:to], s[from+right*c:])
		clear(d[to:])
	}
}

// flip mirrors every row of an image (H, W, C).
func flip(pixels []uint8, w, c int) {
	for row := w * c; len(pixels) > 0; pixels = pixels[row:] {
		for left, right := 0, row-c; left < right; left, right = left+c, right-c {
			for j := range c {
				pixels[left+j], pixels[right+j] = pixels[right+j], pixels[left+j]
			}
		}
	}
}

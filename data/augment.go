package data

import (
	"encoding/binary"
	"math/bits"

	"github.com/AlarioAI/bitnet/tensor"
)

// augments reports whether the loader changes images at random.
func (c *LoaderConfig) augments() bool { return c.Crop > 0 || c.Flip }

// A view is an image as the loader takes it: pixels (h, w, c), cropped and
// flipped. Row y of it is
//
//	view[y][x] = pixels[y+down][x+right]     black where that is outside
//	view[y][x] = pixels[y+down][w-1-x+right] if it is flipped
type view struct {
	pixels      []uint8
	h, w, c     int
	down, right int
	flipped     bool
}

// draw changes the view as chance has it for the image of an index in an epoch:
// torchvision's RandomCrop((H, W), padding=Crop), then its RandomHorizontalFlip.
// The draws are how far down and how far to the right the crop begins, then the
// flip.
func (v *view) draw(config *LoaderConfig, epoch, index int) {
	chance := tensor.NewStream(config.Seed, "augment", uint64(epoch), uint64(index))
	if pad := config.Crop; pad > 0 {
		v.down = chance.Intn(2*pad+1) - pad
		v.right = chance.Intn(2*pad+1) - pad
	}
	v.flipped = config.Flip && chance.Intn(2) == 1
}

// moved reports whether the view differs from the image.
func (v *view) moved() bool { return v.down != 0 || v.right != 0 || v.flipped }

// write writes row y to dst (w, c).
func (v *view) write(dst []uint8, y int) {
	y += v.down
	from, to := min(max(0, -v.right), v.w), max(min(v.w, v.w-v.right), 0) // the columns that are inside
	if y < 0 || y >= v.h || from >= to {
		clear(dst)
		return
	}
	src := v.pixels[(y*v.w+from+v.right)*v.c:][:(to-from)*v.c]
	if v.flipped {
		from, to = v.w-to, v.w-from
	}
	clear(dst[:from*v.c])
	clear(dst[to*v.c:])
	if inside := dst[from*v.c : to*v.c]; v.flipped {
		mirror(inside, src, v.c)
	} else {
		copy(inside, src)
	}
}

// mirror writes the pixels of c bytes in src to dst, the last one first.
func mirror(dst, src []uint8, c int) {
	switch c {
	case 1:
		for len(src) >= 8 {
			last := len(src) - 8
			binary.LittleEndian.PutUint64(dst, bits.ReverseBytes64(binary.LittleEndian.Uint64(src[last:])))
			dst, src = dst[8:], src[:last]
		}
	case 3: // with the first byte of the next pixel, which that overwrites
		for len(src) >= 6 {
			last := len(src) - 3
			binary.LittleEndian.PutUint32(dst, binary.LittleEndian.Uint32(src[last-1:])>>8)
			dst, src = dst[3:], src[:last]
		}
	}
	for len(src) > 0 {
		last := len(src) - c
		copy(dst[:c], src[last:])
		dst, src = dst[c:], src[:last]
	}
}

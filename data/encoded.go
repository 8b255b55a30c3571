package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// maxPixels bounds an image, together with maxSize for its sides: a file of a
// few kilobytes can declare many more. An image of the most takes 200 MB when
// it is decoded, and a progressive JPEG some times that.
const maxPixels = 1 << 26

// encoded are images as files of JPEG or PNG. All of them were decoded once, so
// that decoding them again does not fail.
type encoded struct {
	images []encodedImage
	sums   [3]sums  // of the pixels of each channel
	digest [32]byte // of all pixels
}

type encodedImage struct {
	file []byte
	h, w int
}

// decode returns the pixels (h, w, channels) of image i in buf.
func (e *encoded) decode(i, channels int, buf *[]uint8) (pixels []uint8, h, w int) {
	m := &e.images[i]
	pixels = grown(buf, m.h*m.w*channels)
	if err := m.decode(pixels, channels); err != nil {
		panic(fmt.Sprintf("data: image %d cannot be decoded any more: %v", i, err))
	}
	return pixels, m.h, m.w
}

// A format is a way to encode images.
type format struct {
	name         string
	decodeConfig func(*bytes.Reader) (image.Config, error)
	decode       func(*bytes.Reader) (image.Image, error)
}

// formatOf tells the format by the first bytes of a file, not by its name:
// files with the wrong one are common, and every other program reads them.
func formatOf(file []byte) (format, error) {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		return format{"JPEG",
			func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }}, nil
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return format{"PNG",
			func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }}, nil
	}
	return format{}, errors.New("neither the signature of JPEG nor that of PNG, expected an image of one of them")
}

// parseImage looks at the header of an image. grey is whether it has no colours.
func parseImage(file []byte) (m encodedImage, grey bool, err error) {
	f, err := formatOf(file)
	if err != nil {
		return m, false, err
	}
	c, err := f.decodeConfig(bytes.NewReader(file))
	switch {
	case err != nil:
		return m, false, f.explain(err)
	case c.Width < 1 || c.Height < 1 || c.Width > maxSize || c.Height > maxSize || c.Width*c.Height > maxPixels:
		return m, false, fmt.Errorf("an image of %dx%d, expected sides of 1 to %d and at most %d pixels", c.Height, c.Width, maxSize, maxPixels)
	}
	grey = c.ColorModel == color.GrayModel || c.ColorModel == color.Gray16Model
	return encodedImage{file, c.Height, c.Width}, grey, nil
}

// explain says what was expected of a file.
func (f format) explain(err error) error {
	if isEnd(err) {
		err = errors.New("truncated")
	}
	return fmt.Errorf("%w, expected a whole image of %s", err, f.name)
}

// decode writes the pixels to dst (h, w, channels): see copyPixels. It does what PIL's convert("RGB") does: grey becomes
// colour by repeating its value, transparency is dropped, of 16 bits the upper
// eight are kept, and an orientation that a camera noted is not looked at.
//
// What comes out of a JPEG is not what comes out of libjpeg to the last bit: the
// standard allows a level or two, and colours that were stored at a lower
// resolution are repeated here, not interpolated.
func (m *encodedImage) decode(dst []uint8, channels int) error {
	f, err := formatOf(m.file)
	if err != nil {
		return err
	}
	decoded, err := f.decode(bytes.NewReader(m.file))
	if err != nil {
		return f.explain(err)
	}
	if b := decoded.Bounds(); b != image.Rect(0, 0, m.w, m.h) {
		return fmt.Errorf("pixels of %v, expected %dx%d as the header says", b, m.h, m.w)
	}
	return copyPixels(dst, decoded, channels)
}

// copyPixels writes the pixels of an image that begins at (0, 0) to dst, for 3
// channels or, if the image is grey, for 1.
func copyPixels(dst []uint8, decoded image.Image, channels int) error {
	size := decoded.Bounds().Size()
	rowSize := size.X * channels
	row := func(y int) []uint8 { return dst[y*rowSize:][:rowSize] }
	var p planes
	switch d := decoded.(type) {
	case *image.Gray:
		p = planes{d.Pix, d.Stride, 1, 0, 0}
	case *image.Gray16:
		p = planes{d.Pix, d.Stride, 2, 0, 0}
	case *image.RGBA: // opaque, as the decoders have it
		p = planes{d.Pix, d.Stride, 4, 1, 2}
	case *image.NRGBA:
		p = planes{d.Pix, d.Stride, 4, 1, 2}
	case *image.RGBA64: // opaque too
		p = planes{d.Pix, d.Stride, 8, 2, 4}
	case *image.NRGBA64:
		p = planes{d.Pix, d.Stride, 8, 2, 4}
	default:
		if channels == 1 {
			return fmt.Errorf("pixels of type %T, expected grey ones as the header says", d)
		}
		switch d := d.(type) {
		case *image.YCbCr:
			for y := range size.Y {
				rowOfYCbCr(row(y), d, y)
			}
		case *image.Paletted:
			palette := rgbOf(d.Palette)
			for y := range size.Y {
				dst := row(y)
				for _, index := range d.Pix[y*d.Stride:][:size.X] {
					copy(dst, palette[index][:])
					dst = dst[3:]
				}
			}
		default: // CMYK
			for y := range size.Y {
				rowOf(row(y), d, y)
			}
		}
		return nil
	}
	for y := range size.Y {
		p.row(row(y), y, channels)
	}
	return nil
}

// planes are pixels of size bytes, of which the first is grey or red. Green and
// blue are so many bytes behind it.
type planes struct {
	pixels            []uint8
	stride            int // from row to row
	size, green, blue int
}

func (p *planes) row(dst []uint8, y, channels int) {
	src := p.pixels[y*p.stride:]
	if channels == 1 {
		for x := range dst {
			dst[x] = src[x*p.size]
		}
		return
	}
	for ; len(dst) >= 3; dst = dst[3:] {
		dst[0], dst[1], dst[2] = src[0], src[p.green], src[p.blue]
		if len(dst) > 3 {
			src = src[p.size:]
		}
	}
}

// rowOfYCbCr writes row y of an image to dst.
func rowOfYCbCr(dst []uint8, m *image.YCbCr, y int) {
	shift := 0 // of x, where so many columns share their colour
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		shift = 1
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		shift = 2
	}
	luma, colour := m.Y[m.YOffset(0, y):][:len(dst)/3], m.COffset(0, y)
	cb, cr := m.Cb[colour:], m.Cr[colour:]
	for x, l := range luma {
		d := (*[3]uint8)(dst[3*x:])
		d[0], d[1], d[2] = color.YCbCrToRGB(l, cb[x>>shift], cr[x>>shift])
	}
}

// rowOf writes row y of an image of any kind to dst.
func rowOf(dst []uint8, m image.Image, y int) {
	for x := range len(dst) / 3 {
		c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
		dst[3*x], dst[3*x+1], dst[3*x+2] = c.R, c.G, c.B
	}
}

// rgbOf returns the colours of a palette, and black for what it lacks.
func rgbOf(palette color.Palette) *[256][3]uint8 {
	table := new([256][3]uint8)
	for i, entry := range palette {
		c := color.NRGBAModel.Convert(entry).(color.NRGBA)
		table[i] = [3]uint8{c.R, c.G, c.B}
	}
	return table
}

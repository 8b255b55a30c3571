package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// speckled returns pixels (h, w, channels) that follow from a seed.
func speckled(seed uint64, h, w, channels int) []uint8 {
	rng := rand.New(rand.NewPCG(seed, 0))
	pixels := make([]uint8, h*w*channels)
	for i := range pixels {
		pixels[i] = uint8(rng.IntN(256))
	}
	return pixels
}

// asPNG returns a file of the pixels (h, w, 1 or 3).
func asPNG(pixels []uint8, h, w, channels int) []byte {
	var file bytes.Buffer
	if err := png.Encode(&file, asImage(pixels, h, w, channels)); err != nil {
		panic(err)
	}
	return file.Bytes()
}

func asImage(pixels []uint8, h, w, channels int) image.Image {
	if channels == 1 {
		return &image.Gray{Pix: pixels, Stride: w, Rect: image.Rect(0, 0, w, h)}
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		copy(m.Pix[4*i:], pixels[3*i:][:3])
		m.Pix[4*i+3] = 255
	}
	return m
}

// asJPEG returns a file of an image that changes slowly.
func asJPEG(h, w, quality int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(3 * x), uint8(2*y + x), uint8(x * y / 16), 255})
		}
	}
	return encodeJPEG(m, quality)
}

func encodeJPEG(m image.Image, quality int) []byte {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, m, &jpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// TestCopyPixels compares with the colours that package image tells, for every
// kind of image that the decoders return.
func TestCopyPixels(t *testing.T) {
	const h, w = 5, 7
	bounds := image.Rect(0, 0, w, h)
	opaque := func(c color.Color) color.Color {
		n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
		n.A = 0xffff
		return n
	}
	same := func(c color.Color) color.Color { return c }
	palette := color.Palette{color.Black, color.NRGBA{1, 2, 3, 0}, color.NRGBA{200, 100, 50, 128}, color.RGBA{9, 8, 7, 255}}
	ycbcr := func(ratio image.YCbCrSubsampleRatio) image.Image {
		m := image.NewYCbCr(image.Rect(0, 0, 16, 16), ratio)
		copy(m.Y, speckled(1, 16, 16, 1))
		copy(m.Cb, speckled(2, 16, 16, 1))
		copy(m.Cr, speckled(3, 16, 16, 1))
		return m.SubImage(bounds) // as the decoder cuts whole blocks
	}
	cmyk := image.NewCMYK(bounds)
	copy(cmyk.Pix, speckled(4, h, w, 4))
	for _, tt := range []struct {
		image image.Image
		fill  func(color.Color) color.Color // nil: it has its pixels
		grey  bool
	}{
		{image.NewGray(bounds), same, true},
		{image.NewGray16(bounds), same, true},
		{image.NewRGBA(bounds), opaque, false},
		{image.NewRGBA64(bounds), opaque, false},
		{image.NewNRGBA(bounds), same, false},
		{image.NewNRGBA64(bounds), same, false},
		{image.NewPaletted(bounds, palette), same, false},
		{ycbcr(image.YCbCrSubsampleRatio444), nil, false},
		{ycbcr(image.YCbCrSubsampleRatio440), nil, false},
		{ycbcr(image.YCbCrSubsampleRatio422), nil, false},
		{ycbcr(image.YCbCrSubsampleRatio420), nil, false},
		{ycbcr(image.YCbCrSubsampleRatio411), nil, false},
		{ycbcr(image.YCbCrSubsampleRatio410), nil, false},
		{cmyk, nil, false},
	} {
		name := fmt.Sprintf("%T", tt.image)
		if m, ok := tt.image.(*image.YCbCr); ok {
			name += m.SubsampleRatio.String()
		}
		t.Run(name, func(t *testing.T) {
			if m, ok := tt.image.(interface{ Set(x, y int, c color.Color) }); ok && tt.fill != nil {
				rng := rand.New(rand.NewPCG(5, 6))
				for y := range h {
					for x := range w {
						v := rng.Uint64()
						m.Set(x, y, tt.fill(color.NRGBA64{uint16(v), uint16(v >> 16), uint16(v >> 32), uint16(v>>48) | 0x100}))
					}
				}
			}
			var want, grey []uint8
			for y := range h {
				for x := range w {
					c := color.NRGBA64Model.Convert(tt.image.At(x, y)).(color.NRGBA64)
					if n, ok := tt.image.At(x, y).(color.NRGBA); ok { // what has no alpha has a colour too
						c = color.NRGBA64{uint16(n.R) << 8, uint16(n.G) << 8, uint16(n.B) << 8, 0}
					}
					want = append(want, uint8(c.R>>8), uint8(c.G>>8), uint8(c.B>>8))
					grey = append(grey, uint8(c.R>>8))
				}
			}
			got := make([]uint8, h*w*3)
			if err := copyPixels(got, tt.image, 3); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if len(slices.Compact(slices.Sorted(slices.Values(got)))) < 3 {
				t.Error("the image is blank")
			}
			if tt.grey {
				if err := copyPixels(got[:h*w], tt.image, 1); err != nil || !bytes.Equal(got[:h*w], grey) {
					t.Errorf("one channel: got %v, %v, want %v", got[:h*w], err, grey)
				}
			}
		})
	}
	if err := copyPixels(make([]uint8, h*w), cmyk, 1); err == nil {
		t.Error("no error for one channel of an image with colours")
	}
}

// header returns the beginning of a PNG that declares a size.
func header(h, w int) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(w))
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(h))
	chunk = append(chunk, 8, 2, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(file, chunk...), crc32.ChecksumIEEE(chunk))
}

func TestParseImage(t *testing.T) {
	whole := asPNG(speckled(1, 3, 4, 3), 3, 4, 3)
	for _, tt := range []struct {
		name string
		file []byte
		h, w int
		grey bool
		want string // of the error; empty: none
	}{
		{"PNG", whole, 3, 4, false, ""},
		{"grey PNG", asPNG(speckled(1, 3, 4, 1), 3, 4, 1), 3, 4, true, ""},
		{"JPEG", asJPEG(20, 9, 80), 20, 9, false, ""},
		{"grey JPEG", encodeJPEG(image.NewGray(image.Rect(0, 0, 2, 3)), 80), 3, 2, true, ""},
		{"most pixels", header(1<<12, 1<<14), 1 << 12, 1 << 14, false, ""},
		{"too many pixels", header(1<<12+1, 1<<14), 0, 0, false, "an image of 4097x16384, expected sides of 1 to 16384 and at most 67108864 pixels"},
		{"too wide", header(1, 1<<14+1), 0, 0, false, "an image of 1x16385, expected sides"},
		{"too high", header(1<<30, 1), 0, 0, false, "an image of 1073741824x1, expected sides"},
		{"no rows", header(0, 1), 0, 0, false, "expected a whole image of PNG"},
		{"empty", nil, 0, 0, false, "neither the signature of JPEG nor that of PNG, expected an image of one of them"},
		{"text", []byte("GIF89a"), 0, 0, false, "neither the signature"},
		{"signature alone", whole[:8], 0, 0, false, "truncated, expected a whole image of PNG"},
		{"JPEG without a frame", []byte("\xff\xd8\xff\xd9"), 0, 0, false, "expected a whole image of JPEG"},
	} {
		m, grey, err := parseImage(tt.file)
		switch {
		case tt.want == "" && (err != nil || m.h != tt.h || m.w != tt.w || grey != tt.grey):
			t.Errorf("%s: got %dx%d, grey %t, %v, want %dx%d, grey %t", tt.name, m.h, m.w, grey, err, tt.h, tt.w, tt.grey)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
}

// TestDecodeJPEG: what was encoded comes back, about.
func TestDecodeJPEG(t *testing.T) {
	want := bytes.Repeat([]uint8{200, 120, 40}, 16*24)
	m, _, err := parseImage(encodeJPEG(asImage(want, 16, 24, 3), 95))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]uint8, len(want))
	if err := m.decode(got, 3); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if d := int(got[i]) - int(want[i]); d < -3 || d > 3 {
			t.Fatalf("byte %d is %d, want about %d", i, got[i], want[i])
		}
	}
}

func asPalette(greys []uint8) (p color.Palette) {
	for _, v := range greys {
		p = append(p, color.Gray{Y: v})
	}
	return p
}

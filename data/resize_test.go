package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// resized is one image, resized.
func resized(src []uint8, h, w, channels, size int) []uint8 {
	dst, rows := make([]uint8, size*size*channels), make([]uint8, h*size*channels)
	resize(dst, rows, src, newFilter(w, size), newFilter(h, size), channels)
	return dst
}

// resize is what render does with an image (h, w, channels). It uses rows
// (h, size, channels) for the result of the first pass.
func resize(dst, rows, src []uint8, along, across *filter, channels int) {
	size := len(along.first) * channels
	h := len(rows) / size
	for y := range h {
		along.along(rows[y*size:][:size], src[y*len(src)/h:], channels)
	}
	for y := range across.first {
		across.across(dst[y*size:][:size], rows, y)
	}
}

// TestResizeGolden compares with Pillow, bit by bit.
func TestResizeGolden(t *testing.T) {
	file, err := os.ReadFile("testdata/resize.json") // by testdata/resize.py
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Height, Width, Channels, Size int
			Pixels, Resized               []uint8
			SHA256                        string // instead of Resized, if large
		}
	}
	if err := json.Unmarshal(file, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%dx%dx%d to %d", c.Height, c.Width, c.Channels, c.Size), func(t *testing.T) {
			got := resized(c.Pixels, c.Height, c.Width, c.Channels, c.Size)
			if c.SHA256 != "" {
				if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != c.SHA256 {
					t.Error("another checksum than Pillow's")
				}
				return
			}
			if !bytes.Equal(c.Resized, got) {
				t.Errorf("got  %v\nwant %v", got, c.Resized)
			}
		})
	}
	if len(golden.Cases) < 20 {
		t.Errorf("%d golden cases", len(golden.Cases))
	}
}

// resampleSlow is one pass of the resizer from its definition: every element of
// the result looks at all elements of the source.
func resampleSlow(src []uint8, outer, in, inner, out int) []uint8 {
	dst := make([]uint8, outer*out*inner)
	scale := float64(in) / float64(out)
	for i := range out {
		weights, sum := make([]float64, in), 0.0
		center := float64((float64(i) + 0.5) * scale)
		for k := range weights {
			weights[k] = max(0, 1-math.Abs(float64((float64(k)-center+0.5)*(1/max(scale, 1)))))
			sum += weights[k]
		}
		for o := range outer {
			for j := range inner {
				total := 0
				for k, w := range weights {
					total += int(0.5+w/sum*(1<<22)) * int(src[(o*in+k)*inner+j])
				}
				dst[(o*out+i)*inner+j] = uint8(min((total+1<<21)>>22, 255))
			}
		}
	}
	return dst
}

// drawImage draws an image, half of its pixels black or white.
func drawImage(t *rapid.T, h, w, channels int) []uint8 {
	pixel := rapid.OneOf(rapid.Uint8(), rapid.SampledFrom([]uint8{0, 255}))
	return rapid.SliceOfN(pixel, h*w*channels, h*w*channels).Draw(t, "pixels")
}

func TestResizeProperties(t *testing.T) {
	side := rapid.IntRange(1, 40)
	rapid.Check(t, func(t *rapid.T) {
		h, w, size := side.Draw(t, "h"), side.Draw(t, "w"), side.Draw(t, "size")
		channels := rapid.SampledFrom([]int{1, 3, 4}).Draw(t, "channels")
		src := drawImage(t, h, w, channels)
		got := resized(src, h, w, channels, size)

		slow := resampleSlow(resampleSlow(src, h, w, channels, size), 1, h, size*channels, size)
		if !bytes.Equal(got, slow) {
			t.Fatalf("got  %v\nwant %v", got, slow)
		}
		if h == size && w == size && !bytes.Equal(got, src) {
			t.Fatal("the same size changes pixels")
		}
		for c := range channels {
			low, high := uint8(255), uint8(0)
			for i := c; i < len(src); i += channels {
				low, high = min(low, src[i]), max(high, src[i])
			}
			for i := c; i < len(got); i += channels {
				if got[i] < low || got[i] > high {
					t.Fatalf("channel %d has %d, out of the range %d to %d of the image", c, got[i], low, high)
				}
			}
		}
	})
}

// TestFilterWeights looks at more extreme factors than images of a test have:
// the weights of an element are positive where they may be and sum to one, up
// to their rounding.
func TestFilterWeights(t *testing.T) {
	for _, size := range []struct{ in, out, taps int }{
		{1, 1000, 1}, {2, 1000, 2}, {28, 224, 2}, {28, 28, 2}, {1000, 900, 3}, {1000, 10, 200}, {16000, 1, 16000},
	} {
		f := newFilter(size.in, size.out)
		if f.taps != size.taps || len(f.first) != size.out || len(f.weights) != size.out*f.taps {
			t.Errorf("%d to %d: %d taps, %d first, %d weights, want %d taps", size.in, size.out, f.taps, len(f.first), len(f.weights), size.taps)
			continue
		}
		for i, first := range f.first {
			if first < 0 || first+f.taps > size.in {
				t.Errorf("%d to %d: element %d reads %d to %d", size.in, size.out, i, first, first+f.taps)
			}
			sum := 0
			for _, w := range f.weights[i*f.taps:][:f.taps] {
				sum += int(w)
			}
			if off := sum - 1<<weightBits; off < -f.taps/2 || off > f.taps/2 {
				t.Errorf("%d to %d: the weights of element %d sum to one and %d", size.in, size.out, i, off)
			}
		}
	}
}

func TestResizeAllocatesNothing(t *testing.T) {
	along, across := newFilter(20, 32), newFilter(28, 32)
	src, rows, dst := make([]uint8, 28*20*3), make([]uint8, 28*32*3), make([]uint8, 32*32*3)
	if n := testing.AllocsPerRun(10, func() { resize(dst, rows, src, along, across, 3) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkResize(b *testing.B) {
	for _, s := range []struct{ h, w, channels, size int }{
		{28, 28, 1, 32}, {28, 28, 1, 224}, {32, 32, 3, 224}, {224, 224, 3, 32},
	} {
		b.Run(fmt.Sprintf("from=%dx%dx%d/to=%d", s.h, s.w, s.channels, s.size), func(b *testing.B) {
			src := numbered(1, s.h, s.w, s.channels).Pixels
			dst, rows := make([]uint8, s.size*s.size*s.channels), make([]uint8, s.h*s.size*s.channels)
			along, across := newFilter(s.w, s.size), newFilter(s.h, s.size)
			for b.Loop() {
				resize(dst, rows, src, along, across, s.channels)
			}
		})
	}
}

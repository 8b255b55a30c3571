package data

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// seen returns all rows of a view.
func seen(v view) []uint8 {
	size := v.w * v.c
	all := bytes.Repeat([]uint8{77}, v.h*size)
	for y := range v.h {
		v.write(all[y*size:][:size], y)
	}
	return all
}

// seenSlow is a view pixel by pixel, as it is defined.
func seenSlow(v view) []uint8 {
	all := make([]uint8, len(v.pixels))
	for y := range v.h {
		for x := range v.w {
			sy, sx := y+v.down, x+v.right
			if v.flipped {
				sx = v.w - 1 - x + v.right
			}
			if sy >= 0 && sy < v.h && sx >= 0 && sx < v.w {
				copy(all[(y*v.w+x)*v.c:][:v.c], v.pixels[(sy*v.w+sx)*v.c:])
			}
		}
	}
	return all
}

func TestView(t *testing.T) {
	by := rapid.IntRange(-8, 8) // beyond the image too
	rapid.Check(t, func(t *rapid.T) {
		v := view{
			h: rapid.IntRange(1, 6).Draw(t, "h"), w: rapid.IntRange(1, 30).Draw(t, "w"),
			c: rapid.SampledFrom([]int{1, 3, 4}).Draw(t, "c"), flipped: rapid.Bool().Draw(t, "flipped"),
		}
		if rapid.Bool().Draw(t, "cropped") {
			v.down, v.right = by.Draw(t, "down"), by.Draw(t, "right")
		}
		v.pixels = drawImage(t, v.h, v.w, v.c)
		want := seenSlow(v)
		if diff := cmp.Diff(want, seen(v)); diff != "" {
			t.Fatal(diff)
		}
		if !v.moved() && !bytes.Equal(want, v.pixels) {
			t.Fatal("a view that is not moved differs")
		}
	})
}

// An outcome is what chance did to one image.
type outcome struct {
	down, right int
	flipped     bool
}

// outcomes returns what a loader with Crop 1 and Flip does to images of 3x4
// that have one pixel of 1 in the middle and one of 2 to the right of it.
func outcomes(seed uint64, epoch, n int) []outcome {
	images := &Images{N: n, H: 3, W: 4, C: 1, Labels: make([]int32, n)}
	for range n {
		images.Pixels = append(images.Pixels, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0)
	}
	l := NewLoader(images, images.All(), LoaderConfig{Batch: n, Seed: seed, Crop: 1, Flip: true})
	var all []outcome
	for _, b := range l.Epoch(epoch, 0) {
		for k := range n {
			var one, two int
			for p, v := range b.X.Data[k*12 : (k+1)*12] {
				switch v {
				case float32(1) / 255:
					one = p
				case float32(2) / 255:
					two = p
				}
			}
			o := outcome{down: 1 - one/4, right: 1 - one%4, flipped: two < one}
			if o.flipped {
				o.right = one%4 - 2
			}
			all = append(all, o)
		}
	}
	return all
}

// TestAugmentUniform: every crop and flip is as likely as another, by a
// chi-square test.
func TestAugmentUniform(t *testing.T) {
	const n = 1800
	counts := map[outcome]int{}
	for _, o := range outcomes(53, 0, n) {
		counts[o]++
	}
	if len(counts) != 18 {
		t.Errorf("%d outcomes, want 3 x 3 x 2", len(counts))
	}
	chi := 0.0
	for _, count := range counts {
		chi += float64((count-n/18)*(count-n/18)) / (n / 18)
	}
	if chi > 40.79 { // the 0.999 quantile for 17 degrees of freedom
		t.Errorf("chi-square is %.1f: %v", chi, counts)
	}
}

// TestAugmentPinned holds the draws in place: a run is resumed by them.
func TestAugmentPinned(t *testing.T) {
	got, want := outcomes(53, 3, 5), []outcome{{0, 0, true}, {-1, -1, true}, {0, 1, true}, {-1, 1, false}, {1, -1, true}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestAugmentKeys: the draws depend on the seed, the epoch and the index, not
// on how many images there are.
func TestAugmentKeys(t *testing.T) {
	all := outcomes(1, 0, 50)
	if slices.Equal(all, outcomes(2, 0, 50)) || slices.Equal(all, outcomes(1, 1, 50)) {
		t.Error("another seed or epoch gives the same")
	}
	if !slices.Equal(all[:20], outcomes(1, 0, 20)) {
		t.Error("fewer images give others")
	}
}

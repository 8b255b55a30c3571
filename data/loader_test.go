package data

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/AlarioAI/bitnet/tensor"
)

// numbered returns n images of h x w x c whose pixels and labels follow from
// their index.
func numbered(n, h, w, c int) *Images {
	m := &Images{N: n, H: h, W: w, C: c, Pixels: make([]uint8, n*h*w*c), Labels: make([]int32, n)}
	for i := range m.Pixels {
		m.Pixels[i] = uint8(i * 7)
	}
	for i := range m.Labels {
		m.Labels[i] = int32(i % 10)
	}
	return m
}

// A copied batch outlives its loop.
type copied struct {
	Step    int
	Shape   string
	Data    []float32
	Labels  []int32
	Indices []int
}

func collect(l *Loader, epoch, first int) []copied {
	var all []copied
	for step, b := range l.Epoch(epoch, first) {
		if step != b.Step {
			panic("steps differ")
		}
		all = append(all, copied{b.Step, b.X.Shape.String(), slices.Clone(b.X.Data), slices.Clone(b.Labels), slices.Clone(b.Indices)})
	}
	return all
}

func TestLoaderInOrder(t *testing.T) {
	images := &Images{N: 4, H: 1, W: 2, C: 1, Pixels: []uint8{0, 255, 255, 255, 51, 102, 153, 204}, Labels: []int32{4, 5, 6, 7}}
	l := NewLoader(images, []int{3, 0, 2}, LoaderConfig{Batch: 2})
	if l.Len() != 3 || l.Steps() != 2 {
		t.Errorf("%d images in %d steps, want 3 in 2", l.Len(), l.Steps())
	}
	want := []copied{
		{0, "(2, 1, 2, 1)", []float32{0.6, 0.8, 0, 1}, []int32{7, 4}, []int{3, 0}},
		{1, "(1, 1, 2, 1)", []float32{0.2, 0.4}, []int32{6}, []int{2}},
	}
	if diff := cmp.Diff(want, collect(l, 0, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestLoaderProperties(t *testing.T) {
	images := numbered(60, 2, 3, 3)
	mean, std := images.MeanStd()
	rapid.Check(t, func(t *rapid.T) {
		indices := rapid.SliceOfNDistinct(rapid.IntRange(0, images.N-1), 0, images.N, rapid.ID).Draw(t, "indices")
		config := LoaderConfig{
			Batch:   rapid.IntRange(1, 70).Draw(t, "batch"),
			Shuffle: rapid.Bool().Draw(t, "shuffle"),
			Seed:    rapid.Uint64().Draw(t, "seed"),
			Mean:    mean, Std: std,
		}
		epoch := rapid.IntRange(0, 5).Draw(t, "epoch")
		l := NewLoader(images, indices, config)
		all := collect(l, epoch, 0)

		// Every index once, every batch full but the last, every sample its own
		// pixels and label.
		if len(all) != l.Steps() {
			t.Fatalf("%d batches in %d steps", len(all), l.Steps())
		}
		var seen []int
		for step, b := range all {
			n := min(config.Batch, len(indices)-step*config.Batch)
			if b.Step != step || b.Shape != tensor.Of(n, 2, 3, 3).String() || len(b.Indices) != n || len(b.Labels) != n {
				t.Fatalf("batch %d has step %d, shape %s, %d indices and %d labels", step, b.Step, b.Shape, len(b.Indices), len(b.Labels))
			}
			for k, i := range b.Indices {
				if b.Labels[k] != images.Labels[i] {
					t.Fatalf("image %d got label %d", i, b.Labels[k])
				}
				for j, p := range images.Image(i) {
					c := j % 3
					if want := (float32(p)/255 - mean[c]) / std[c]; b.Data[k*18+j] != want {
						t.Fatalf("image %d element %d: got %v, want %v", i, j, b.Data[k*18+j], want)
					}
				}
			}
			seen = append(seen, b.Indices...)
		}
		if !config.Shuffle && !slices.Equal(seen, indices) {
			t.Fatal("not in the given order")
		}
		slices.Sort(seen)
		if want := slices.Sorted(slices.Values(indices)); !slices.Equal(seen, want) {
			t.Fatalf("epoch went over %v, want %v", seen, want)
		}

		// The same again from any step, by this loader (which has other epochs
		// behind it) and by its twin.
		first := rapid.IntRange(0, l.Steps()).Draw(t, "first")
		collect(l, epoch+1, 0)
		for _, other := range []*Loader{l, NewLoader(images, indices, config)} {
			if diff := cmp.Diff(all[first:], collect(other, epoch, first), cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// TestLoaderTransforms draws every combination of what can be done to an image.
func TestLoaderTransforms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]int{1, 3}).Draw(t, "c")
		images := numbered(13, rapid.IntRange(1, 6).Draw(t, "h"), rapid.IntRange(1, 6).Draw(t, "w"), c)
		mean, std := images.MeanStd()
		config := LoaderConfig{
			Batch:    rapid.IntRange(1, 14).Draw(t, "batch"),
			Shuffle:  true,
			Seed:     rapid.Uint64().Draw(t, "seed"),
			Crop:     rapid.IntRange(0, 3).Draw(t, "crop"),
			Flip:     rapid.Bool().Draw(t, "flip"),
			Size:     rapid.IntRange(0, 9).Draw(t, "size"),
			Channels: rapid.SampledFrom([]int{0, c, 3}).Draw(t, "channels"),
			Mean:     mean, Std: std,
		}
		h, w, channels := images.H, images.W, max(c, config.Channels)
		if config.Size > 0 {
			h, w = config.Size, config.Size
		}
		epoch := rapid.IntRange(0, 5).Draw(t, "epoch")
		all := collect(NewLoader(images, images.All(), config), epoch, 0)
		for _, b := range all {
			n := len(b.Indices)
			if b.Shape != tensor.Of(n, h, w, channels).String() || len(b.Data) != n*h*w*channels {
				t.Fatalf("batch of shape %s with %d elements", b.Shape, len(b.Data))
			}
			for k, i := range b.Indices {
				pixels := images.Image(i)
				if config.Crop > 0 || config.Flip {
					chance := tensor.NewStream(config.Seed, "augment", uint64(epoch), uint64(i))
					down, right := 0, 0
					if config.Crop > 0 {
						down = chance.Intn(2*config.Crop+1) - config.Crop
						right = chance.Intn(2*config.Crop+1) - config.Crop
					}
					flipped := config.Flip && chance.Intn(2) == 1
					pixels = seenSlow(view{pixels, images.H, images.W, c, down, right, flipped})
				}
				if config.Size > 0 {
					pixels = resized(pixels, images.H, images.W, c, config.Size)
				}
				for j, v := range b.Data[k*h*w*channels : (k+1)*h*w*channels] {
					channel := j % channels * c / channels // all are the first of a grey image
					p := pixels[j/channels*c+channel]
					if want := (float32(p)/255 - mean[channel]) / std[channel]; v != want {
						t.Fatalf("image %d element %d: got %v, want %v", i, j, v, want)
					}
				}
			}
		}

		// The same again by another number of workers, from any step.
		config.Workers = rapid.IntRange(1, 5).Draw(t, "workers")
		l := NewLoader(images, images.All(), config)
		first := rapid.IntRange(0, l.Steps()).Draw(t, "first")
		collect(l, epoch+1, 0)
		if diff := cmp.Diff(all[first:], collect(l, epoch, first), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestLoaderShufflesEachEpoch(t *testing.T) {
	order := func(seed uint64, epoch int) []int {
		l := NewLoader(numbered(100, 1, 1, 1), numbered(100, 1, 1, 1).All(), LoaderConfig{Batch: 100, Shuffle: true, Seed: seed})
		return collect(l, epoch, 0)[0].Indices
	}
	a, b, c := order(1, 0), order(1, 1), order(2, 0)
	if slices.Equal(a, b) || slices.Equal(a, c) || slices.IsSorted(a) {
		t.Errorf("orders %v, %v, %v are not all different", a, b, c)
	}
}

// TestLoaderPinned holds the order in place: a run is resumed by it.
func TestLoaderPinned(t *testing.T) {
	images := numbered(10, 1, 1, 1)
	l := NewLoader(images, images.All(), LoaderConfig{Batch: 10, Shuffle: true, Seed: 53})
	if diff := cmp.Diff([]int{7, 3, 9, 1, 5, 4, 8, 2, 0, 6}, collect(l, 3, 0)[0].Indices); diff != "" {
		t.Error(diff)
	}
}

func TestLoaderProcs(t *testing.T) {
	images := numbered(50, 4, 4, 1)
	run := func(procs int) []copied {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		return collect(NewLoader(images, images.All(), LoaderConfig{Batch: 3, Shuffle: true}), 1, 0)
	}
	if diff := cmp.Diff(run(1), run(4)); diff != "" {
		t.Error(diff)
	}
}

// TestLoaderConcurrent runs epochs of one loader inside and beside each other.
func TestLoaderConcurrent(t *testing.T) {
	images := numbered(20, 2, 2, 1)
	l := NewLoader(images, images.All(), LoaderConfig{Batch: 3, Shuffle: true})
	want := [][]copied{collect(l, 0, 0), collect(l, 1, 0)}

	for _, b := range l.Epoch(0, 2) {
		before := slices.Clone(b.X.Data)
		if diff := cmp.Diff(want[1], collect(l, 1, 0)); diff != "" {
			t.Fatal(diff)
		}
		if !slices.Equal(before, b.X.Data) {
			t.Fatal("an inner epoch wrote to the batch of the outer")
		}
	}
	for g := range 4 {
		t.Run(fmt.Sprint(g), func(t *testing.T) {
			t.Parallel()
			for range 10 {
				if diff := cmp.Diff(want[g%2], collect(l, g%2, 0)); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}
}

// TestLoaderLeavesNoGoroutine ends loops in every way, in a bubble that fails
// if a goroutine of it is left behind.
func TestLoaderLeavesNoGoroutine(t *testing.T) {
	images := numbered(100, 2, 2, 1)
	for name, loop := range map[string]func(l *Loader){
		"whole":       func(l *Loader) { collect(l, 0, 0) },
		"none":        func(l *Loader) { collect(l, 0, l.Steps()) },
		"not started": func(l *Loader) { l.Epoch(0, 0) },
		"first": func(l *Loader) {
			for range l.Epoch(0, 0) {
				break
			}
		},
		"middle, after waiting": func(l *Loader) {
			for step := range l.Epoch(0, 0) {
				synctest.Wait() // until the worker has filled all it may
				if step == 5 {
					return
				}
			}
		},
		"panic": func(l *Loader) {
			defer func() { recover() }()
			for range l.Epoch(0, 0) {
				panic("in the loop")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, config := range []LoaderConfig{{Batch: 4}, {Batch: 4, Size: 3, Workers: 3}} {
				synctest.Test(t, func(t *testing.T) {
					l := NewLoader(images, images.All(), config)
					loop(l)
					if got := collect(l, 0, 0); len(got) != l.Steps() {
						t.Errorf("the next epoch has %d batches, want %d", len(got), l.Steps())
					}
				})
			}
		})
	}
}

func TestLoaderAllocatesNothingPerBatch(t *testing.T) {
	images := numbered(1000, 2, 2, 1)
	epoch := func(batch int) float64 {
		l := NewLoader(images, images.All(), LoaderConfig{Batch: batch, Shuffle: true})
		return testing.AllocsPerRun(5, func() {
			for range l.Epoch(0, 0) {
			}
		})
	}
	if few, many := epoch(1000), epoch(1); many > few+5 { // the runtime may add some of its own
		t.Errorf("%v allocations for 1000 batches, %v for one", many, few)
	}
}

func TestLoaderResizingAllocatesNothingPerImage(t *testing.T) {
	epoch := func(n int) float64 {
		images := numbered(n, 2, 2, 1)
		l := NewLoader(images, images.All(), LoaderConfig{Batch: n, Size: 4, Channels: 3})
		return testing.AllocsPerRun(5, func() {
			for range l.Epoch(0, 0) {
			}
		})
	}
	if few, many := epoch(1), epoch(1000); many > few+5 { // the runtime may add some of its own
		t.Errorf("%v allocations for 1000 images, %v for one", many, few)
	}
}

func TestLoaderPanics(t *testing.T) {
	images := numbered(4, 2, 2, 3)
	one, three := []float32{1}, []float32{1, 1, 1}
	for _, tt := range []struct {
		want string
		call func()
	}{
		{"batch size 0", func() { NewLoader(images, nil, LoaderConfig{}) }},
		{"index 4 of 4 images", func() { NewLoader(images, []int{0, 4}, LoaderConfig{Batch: 1}) }},
		{"index -1 of 4 images", func() { NewLoader(images, []int{-1}, LoaderConfig{Batch: 1}) }},
		{"48 pixels and 0 labels for 4 images of 2x2x3", func() {
			NewLoader(&Images{N: 4, H: 2, W: 2, C: 3, Pixels: images.Pixels}, nil, LoaderConfig{Batch: 1})
		}},
		{"mean [1] and std [1] for 3 channels", func() { NewLoader(images, nil, LoaderConfig{Batch: 1, Mean: one, Std: one}) }},
		{"mean [1 1 1] and std [] for 3 channels", func() { NewLoader(images, nil, LoaderConfig{Batch: 1, Mean: three}) }},
		{"std [1 0 1] for 3 channels", func() {
			NewLoader(images, nil, LoaderConfig{Batch: 1, Mean: three, Std: []float32{1, 0, 1}})
		}},
		{"crop by -1", func() { NewLoader(images, nil, LoaderConfig{Batch: 1, Crop: -1}) }},
		{"-1 workers", func() { NewLoader(images, nil, LoaderConfig{Batch: 1, Workers: -1}) }},
		{"data.NewLoader: channels 1, expected 3", func() { NewLoader(images, nil, LoaderConfig{Batch: 1, Channels: 1}) }},
		{"step 3 of 2", func() { NewLoader(images, images.All(), LoaderConfig{Batch: 2}).Epoch(0, 3) }},
		{"step -1 of 2", func() { NewLoader(images, images.All(), LoaderConfig{Batch: 2}).Epoch(0, -1) }},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, tt.want) {
					t.Errorf("panic %q, want %q", text, tt.want)
				}
			}()
			tt.call()
		}()
	}
}

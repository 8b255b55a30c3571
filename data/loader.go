package data

import (
	"cmp"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/tensor"
)

// LoaderConfig says how a Loader makes batches. An image is decoded, cropped,
// flipped, resized, given its channels and normalised, in this order; where it is
// not encoded, or the fields for a step are zero, that step is left out.
type LoaderConfig struct {
	Batch   int    // images per batch; the last of an epoch may have fewer
	Shuffle bool   // a new order in each epoch, by the stream (Seed, "shuffle", epoch)
	Seed    uint64 // used by Shuffle, Crop and Flip only

	// Crop and Flip change images at random, by the stream (Seed, "augment",
	// epoch, index) of each: Crop adds so many black pixels on
	// every side and cuts an image of the old size out of that, at a place as
	// likely as any other; Flip mirrors left and right with probability 1/2.
	// Crop 4 with Flip is the usual augmentation of CIFAR (He et al., "Deep
	// residual learning for image recognition", 2016, section 4.2).
	Crop int
	Flip bool

	// Size and Channels of the images of a batch; 0: as the images are. Images of
	// another height or width are resized to Size x Size, the ratio of their
	// sides not kept. The value of grey images is repeated for 3 channels.
	// Images.CheckFit says what is possible: images that differ in size need one.
	Size, Channels int

	// Mean and Std of each channel of the images, usually those of a Set: a pixel
	// p becomes (p/255 - mean) / std. Both nil: p/255. Grey images have one of
	// each, also where Channels is 3.
	Mean, Std []float32

	// Workers is the number of goroutines that make batches. 0: one, or GOMAXPROCS
	// where images are decoded or resized. The batches are the same for any number.
	Workers int
}

// A Batch is valid until the next one is asked for: the loader uses its memory
// again.
type Batch struct {
	Step    int            // number of the batch in its epoch, from 0
	X       *tensor.Tensor // (B, H, W, C), normalised; H, W, C after resizing
	Labels  []int32        // (B)
	Indices []int          // (B), the images' places in Images; not to be written to
}

// A Loader makes the batches of an epoch, in the background and a few batches
// ahead of the training. It is safe for concurrent use.
type Loader struct {
	images  *Images
	indices []int
	config  LoaderConfig
	h, w, c int // of a batch
	workers int
	by      *kernel.Normalisation
	filters map[int]*filter // to h = w, by the number of rows or columns; nil: all images have that size

	// idle is the ring of the last epoch, for the next one to use again. An
	// epoch that runs beside another finds it taken and makes its own.
	idle atomic.Pointer[ring]
}

// NewLoader returns a loader of the images with the given indices, a copy of
// which it keeps. It panics if an index, the images (see Images.CheckFit) or a
// field of config does not fit.
func NewLoader(images *Images, indices []int, config LoaderConfig) *Loader {
	if config.Batch < 1 {
		panic(fmt.Sprintf("data.NewLoader: batch size %d, want at least 1", config.Batch))
	}
	if images.C < 1 || images.encoded == nil && len(images.Pixels) != images.N*images.Size() || len(images.Labels) != images.N {
		panic(fmt.Sprintf("data.NewLoader: %d pixels and %d labels for %d images of %dx%dx%d",
			len(images.Pixels), len(images.Labels), images.N, images.H, images.W, images.C))
	}
	for _, i := range indices {
		if i < 0 || i >= images.N {
			panic(fmt.Sprintf("data.NewLoader: index %d of %d images", i, images.N))
		}
	}
	if config.Crop < 0 || config.Workers < 0 {
		panic(fmt.Sprintf("data.NewLoader: crop by %d and %d workers, want no negative number", config.Crop, config.Workers))
	}
	if err := images.CheckFit(config.Size, config.Channels); err != nil {
		panic("data.NewLoader: " + err.Error())
	}
	l := &Loader{
		images:  images,
		indices: slices.Clone(indices),
		config:  config,
		h:       cmp.Or(config.Size, images.H),
		w:       cmp.Or(config.Size, images.W),
		c:       cmp.Or(config.Channels, images.C),
		workers: cmp.Or(config.Workers, 1),
	}
	l.by = l.normalisation()
	if l.h != images.H || l.w != images.W {
		l.filters = images.filters(config.Size)
	}
	if config.Workers == 0 && (l.filters != nil || images.encoded != nil) {
		l.workers = runtime.GOMAXPROCS(0)
	}
	return l
}

func (l *Loader) normalisation() *kernel.Normalisation {
	mean, std, channels := l.config.Mean, l.config.Std, l.images.C
	if mean == nil && std == nil {
		mean, std = make([]float32, channels), slices.Repeat([]float32{1}, channels)
	}
	if len(mean) != channels || len(std) != channels || slices.Contains(std, 0) {
		panic(fmt.Sprintf("data.NewLoader: mean %v and std %v for %d channels", mean, std, channels))
	}
	return kernel.NewNormalisation(slices.Repeat(mean, l.c/channels), slices.Repeat(std, l.c/channels))
}

// Shape returns the shape of a batch of one image: (1, H, W, C).
func (l *Loader) Shape() tensor.Shape { return tensor.Of(1, l.h, l.w, l.c) }

// Len returns the number of images of an epoch.
func (l *Loader) Len() int { return len(l.indices) }

// Steps returns the number of batches of an epoch: Len/Batch, rounded up.
func (l *Loader) Steps() int { return (l.Len() + l.config.Batch - 1) / l.config.Batch }

// Epoch returns the batches of an epoch from step first on, each with its step.
// Every index is in exactly one batch of an epoch.
//
// The batches depend on the seed, the epoch and the step only, so an epoch that
// was interrupted goes on with first = the number of steps that were done. The
// loop may end early by break, return or panic: in any case no goroutine is
// left when it ends. No batch takes long, so there is no context to cancel: ask
// yours in the body of the loop.
//
// Epoch panics if first is not in [0, Steps()].
func (l *Loader) Epoch(epoch, first int) iter.Seq2[int, *Batch] {
	if first < 0 || first > l.Steps() {
		panic(fmt.Sprintf("data.Loader.Epoch: step %d of %d", first, l.Steps()))
	}
	return func(yield func(int, *Batch) bool) {
		e := l.begin(epoch)
		defer e.end()
		for step := first; step < min(first+ringSize, l.Steps()); step++ {
			e.ask(step)
		}
		for step := first; step < l.Steps(); step++ {
			slot := &e.ring.slots[step%ringSize]
			<-slot.ready
			if !yield(step, &slot.Batch) {
				return
			}
			if ahead := step + ringSize; ahead < l.Steps() {
				e.ask(ahead)
			}
		}
	}
}

// order returns the indices in the order of an epoch.
func (l *Loader) order(epoch int) []int {
	if !l.config.Shuffle {
		return l.indices
	}
	order := tensor.NewStream(l.config.Seed, "shuffle", uint64(epoch)).Perm(l.Len())
	for k, i := range order {
		order[k] = l.indices[i]
	}
	return order
}

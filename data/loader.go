package data

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/AlarioAI/bitnet/tensor"
)

// LoaderConfig says how a Loader makes batches. An image is cropped, flipped,
// resized, normalised and given its channels, in this order; where the fields
// for it are zero, that step is left out.
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
	// Images.CheckFit says what is possible.
	Size, Channels int

	// Mean and Std of each channel of the images, usually those of a Set: a pixel
	// p becomes (p/255 - mean) / std. Both nil: p/255. Grey images have one of
	// each, also where Channels is 3.
	Mean, Std []float32

	// Workers is the number of goroutines that make a batch. 0: one, or two where
	// images are resized. The batches are the same for any number.
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
	h, w, c int      // of a batch
	resizer *resizer // nil: the images have that size
	tables  []*table

	// idle is the ring of the last epoch, for the next one to use again. An
	// epoch that runs beside another finds it taken and makes its own.
	idle atomic.Pointer[ring]
}

// ringSize is the number of batches in memory: one in use, one ready, one in
// the making.
const ringSize = 3

// A ring is what an epoch needs memory for.
type ring struct {
	batches [ringSize]*Batch
	scratch []scratch // one for each goroutine that makes a batch
}

// A scratch is a goroutine's memory for an image between its steps.
type scratch struct {
	augmented []uint8 // (H, W, C) of Images
	rows      []uint8 // see resizer.resize
	resized   []uint8 // (Size, Size, C)
}

// NewLoader returns a loader of the images with the given indices, a copy of
// which it keeps. It panics if an index, the images (see Images.CheckFit) or a
// field of config does not fit.
func NewLoader(images *Images, indices []int, config LoaderConfig) *Loader {
	if config.Batch < 1 {
		panic(fmt.Sprintf("data.NewLoader: batch size %d, want at least 1", config.Batch))
	}
	if len(images.Pixels) != images.N*images.Size() || len(images.Labels) != images.N {
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
		h:       images.H,
		w:       images.W,
		c:       cmp.Or(config.Channels, images.C),
		tables:  newTables(config.Mean, config.Std, images.C),
	}
	if size := config.Size; size != 0 && (size != l.h || size != l.w) {
		l.resizer = newResizer(l.h, l.w, images.C, size)
		l.h, l.w = size, size
	}
	return l
}

func newTables(mean, std []float32, channels int) []*table {
	if mean == nil && std == nil {
		return slices.Repeat([]*table{newTable(0, 1)}, channels)
	}
	if len(mean) != channels || len(std) != channels || slices.Contains(std, 0) {
		panic(fmt.Sprintf("data.NewLoader: mean %v and std %v for %d channels", mean, std, channels))
	}
	tables := make([]*table, channels)
	for c := range tables {
		tables[c] = newTable(mean[c], std[c])
	}
	return tables
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
		ring := l.takeRing()
		defer l.idle.Store(ring)

		// Batches go around: free -> worker -> ready -> loop body -> free.
		// Each channel has room for all of them, so sending never blocks.
		free := make(chan *Batch, ringSize)
		ready := make(chan *Batch, ringSize)
		for _, b := range ring.batches {
			free <- b
		}
		go func() {
			defer close(ready)
			order := l.order(epoch)
			for step := first; step < l.Steps(); step++ {
				b, ok := <-free
				if !ok {
					return
				}
				l.fill(b, ring.scratch, order, epoch, step)
				ready <- b
			}
		}()
		defer func() {
			close(free) // ends the worker
			for range ready {
			}
		}()

		for b := range ready {
			if !yield(b.Step, b) {
				return
			}
			free <- b
		}
	}
}

func (l *Loader) takeRing() *ring {
	if r := l.idle.Swap(nil); r != nil {
		return r
	}
	size := min(l.config.Batch, l.Len())
	r := &ring{scratch: make([]scratch, l.workers())}
	for i := range r.batches {
		r.batches[i] = &Batch{
			X:      tensor.New(size, l.h, l.w, l.c),
			Labels: make([]int32, size),
		}
	}
	for i := range r.scratch {
		s := &r.scratch[i]
		if l.config.augments() {
			s.augmented = make([]uint8, l.images.Size())
		}
		if l.resizer != nil {
			s.rows = make([]uint8, l.images.H*l.w*l.images.C)
			s.resized = make([]uint8, l.h*l.w*l.images.C)
		}
	}
	return r
}

func (l *Loader) workers() int {
	switch {
	case l.config.Workers > 0:
		return l.config.Workers
	case l.resizer != nil:
		return 2
	default:
		return 1
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

// fill makes b the batch of a step, in as many equal parts as there are
// scratches, each by its own goroutine.
func (l *Loader) fill(b *Batch, scratches []scratch, order []int, epoch, step int) {
	start := step * l.config.Batch
	end := min(start+l.config.Batch, len(order))
	n := end - start

	b.Step = step
	b.Indices = order[start:end:end]
	b.Labels = b.Labels[:n]
	b.X.Shape = tensor.Of(n, l.h, l.w, l.c)
	b.X.Data = b.X.Data[:n*l.h*l.w*l.c]
	if len(scratches) == 1 { // no goroutine to start, nothing to allocate
		l.fillPart(b, &scratches[0], epoch, 0, n)
		return
	}
	var parts sync.WaitGroup
	for i := range scratches {
		parts.Go(func() {
			l.fillPart(b, &scratches[i], epoch, i*n/len(scratches), (i+1)*n/len(scratches))
		})
	}
	parts.Wait()
}

// fillPart makes the samples of a batch from first to before end.
func (l *Loader) fillPart(b *Batch, s *scratch, epoch, first, end int) {
	size := l.h * l.w * l.c
	for k := first; k < end; k++ {
		i := b.Indices[k]
		b.Labels[k] = l.images.Labels[i]
		pixels := l.images.Image(i)
		if l.config.augments() {
			l.augment(s.augmented, pixels, epoch, i)
			pixels = s.augmented
		}
		if l.resizer != nil {
			l.resizer.resize(s.resized, s.rows, pixels)
			pixels = s.resized
		}
		x := b.X.Data[k*size:][:size]
		if l.c > l.images.C {
			normalizeRepeated(x, pixels, l.tables[0])
		} else {
			normalize(x, pixels, l.tables)
		}
	}
}

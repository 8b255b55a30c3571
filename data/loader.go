package data

import (
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/AlarioAI/bitnet/tensor"
)

// LoaderConfig says how a Loader makes batches.
type LoaderConfig struct {
	Batch   int    // images per batch; the last of an epoch may have fewer
	Shuffle bool   // a new order in each epoch, by the stream (Seed, "shuffle", epoch)
	Seed    uint64 // used by Shuffle only

	// Mean and Std of each channel, usually those of a Set: a pixel p becomes
	// (p/255 - mean) / std. Both nil: p/255.
	Mean, Std []float32
}

// A Batch is valid until the next one is asked for: the loader uses its memory
// again.
type Batch struct {
	Step    int            // number of the batch in its epoch, from 0
	X       *tensor.Tensor // (B, H, W, C), normalised
	Labels  []int32        // (B)
	Indices []int          // (B), the images' places in Images; not to be written to
}

// A Loader makes the batches of an epoch, in a goroutine that stays a few
// batches ahead of the training. It is safe for concurrent use.
type Loader struct {
	images  *Images
	indices []int
	config  LoaderConfig
	tables  []*table

	// idle is the ring of the last epoch, for the next one to use again. An
	// epoch that runs beside another finds it taken and makes its own.
	idle atomic.Pointer[ring]
}

// ringSize is the number of batches in memory: one in use, one ready, one in
// the making.
const ringSize = 3

type ring [ringSize]*Batch

// NewLoader returns a loader of the images with the given indices, a copy of
// which it keeps. It panics if an index, the batch size or the normalisation
// does not fit.
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
	return &Loader{
		images:  images,
		indices: slices.Clone(indices),
		config:  config,
		tables:  newTables(config.Mean, config.Std, images.C),
	}
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
		batches := l.takeRing()
		defer l.idle.Store(batches)

		// Batches go around: free -> worker -> ready -> loop body -> free.
		// Each channel has room for all of them, so sending never blocks.
		free := make(chan *Batch, ringSize)
		ready := make(chan *Batch, ringSize)
		for _, b := range batches {
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
				l.fill(b, order, step)
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
	r := new(ring)
	for i := range r {
		r[i] = &Batch{
			X:      tensor.New(size, l.images.H, l.images.W, l.images.C),
			Labels: make([]int32, size),
		}
	}
	return r
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

// fill makes b the batch of a step.
func (l *Loader) fill(b *Batch, order []int, step int) {
	start := step * l.config.Batch
	end := min(start+l.config.Batch, len(order))
	n, size := end-start, l.images.Size()

	b.Step = step
	b.Indices = order[start:end:end]
	b.Labels = b.Labels[:n]
	b.X.Shape = tensor.Of(n, l.images.H, l.images.W, l.images.C)
	b.X.Data = b.X.Data[:n*size]
	for k, i := range b.Indices {
		b.Labels[k] = l.images.Labels[i]
		normalize(b.X.Data[k*size:(k+1)*size], l.images.Image(i), l.tables)
	}
}

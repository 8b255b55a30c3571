package benchmark

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/tensor"
)

// wait trains for about the given time on batches from a loader and returns the
// share of the time in which it waited for them.
func (w Workload) wait(ctx context.Context, d time.Duration, step func(*tensor.Tensor, []int32)) (float64, error) {
	loader := w.loader()
	var waited, worked time.Duration
	seen := 0
	for epoch := 0; ; epoch++ {
		asked := time.Now()
		for _, batch := range loader.Epoch(epoch, 0) {
			got := time.Now()
			step(batch.X, batch.Labels)
			done := time.Now()
			if seen++; seen > 1 { // the first step has to wait for the first batch
				waited += got.Sub(asked)
				worked += done.Sub(got)
			}
			if ctx.Err() != nil {
				return 0, errInterrupted
			}
			if seen > 1 && waited+worked >= d {
				return waited.Seconds() / (waited + worked).Seconds(), nil
			}
			asked = time.Now()
		}
	}
}

// loader returns a loader of random images of the workload's size, as many as
// fit 64 MB but at most 4096 and at least two batches: shuffled, normalised, and
// with the augmentation of CIFAR if they are of its size.
func (w Workload) loader() *data.Loader {
	o := w.options()
	size := o.Size * o.Size * o.Channels
	batches := max(2, min(4096, 64<<20/size)/w.Batch)
	images := RandomImages(batches*w.Batch, o.Size, o.Channels)
	c := data.LoaderConfig{Batch: w.Batch, Shuffle: true}
	for range o.Channels {
		c.Mean, c.Std = append(c.Mean, 0.5), append(c.Std, 0.25)
	}
	if o.Size == 32 {
		c.Crop, c.Flip = 4, true
	}
	return data.NewLoader(images, images.All(), c)
}

// RandomImages returns n images of random pixels and classes.
func RandomImages(n, size, channels int) *data.Images {
	images := &data.Images{N: n, H: size, W: size, C: channels, Labels: make([]int32, n)}
	rng, bytes := tensor.NewStream(0, "images"), n*images.Size()
	images.Pixels = make([]uint8, 0, bytes+7)
	for len(images.Pixels) < bytes {
		images.Pixels = binary.LittleEndian.AppendUint64(images.Pixels, rng.Uint64())
	}
	images.Pixels = images.Pixels[:bytes]
	for i := range images.Labels {
		images.Labels[i] = int32(rng.Intn(workloadClasses))
	}
	return images
}

package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/AlarioAI/bitnet/data"
	"github.com/AlarioAI/bitnet/internal/benchmark"
	"github.com/AlarioAI/bitnet/tensor"
)

type benchLoaderCommand struct{}

// Help is shown below the flags.
func (benchLoaderCommand) Help() string {
	return `Measures how many images a loader turns into normalised batches in a second, in the best of five slices of the time: grey ones of 28x28; colour ones of 32x32, cropped by 4 and mirrored; and JPEG of 64x64, decoded and resized to 224x224. --threads is the number of the loader's goroutines.

Example:

    bitnet bench loader --json`
}

func (benchLoaderCommand) Run(t *terminal, b *benchCommand) error { return b.loader(t) }

// A loaderRate is what is printed of a loader as JSON.
type loaderRate struct {
	Workload        string  `json:"workload"`
	ImagesPerSecond float64 `json:"images_per_second"`
	engine
}

// loader measures the loaders.
func (b *benchCommand) loader(t *terminal) error {
	photos, err := photographs(256, 64)
	if err != nil {
		return err
	}
	e := b.engine(t)
	const format = "%-19s  %9s  %11s\n"
	if !b.JSON {
		fmt.Fprintf(t.stdout, format, "workload", "images/s", "us/image")
	}
	for _, w := range []struct {
		name   string
		images *data.Images
		config data.LoaderConfig
	}{
		{"loader/28", benchmark.RandomImages(16384, 28, 1), data.LoaderConfig{Batch: 256}},
		{"loader/32/augmented", benchmark.RandomImages(8192, 32, 3), data.LoaderConfig{Batch: 256, Crop: 4, Flip: true}},
		{"loader/224/jpeg", photos, data.LoaderConfig{Batch: 32, Size: 224}},
	} {
		w.config.Workers, w.config.Shuffle = e.Threads, true
		w.config.Mean, w.config.Std = w.images.MeanStd()
		rate, err := loaderSpeed(t, data.NewLoader(w.images, w.images.All(), w.config), b.time(1))
		if err != nil {
			return err
		}
		if b.JSON {
			if err := json.NewEncoder(t.stdout).Encode(loaderRate{w.name, math.Round(rate), e}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(t.stdout, format, w.name, strconv.FormatFloat(rate, 'f', 0, 64), strconv.FormatFloat(1e6/rate, 'f', 3, 64))
	}
	return nil
}

// loaderSpeed returns the images per second in the best of five slices of the
// time, and in no fewer than one batch. The first epoch is not counted.
func loaderSpeed(t *terminal, l *data.Loader, d time.Duration) (best float64, err error) {
	for range l.Epoch(0, 0) {
	}
	images, start, slices := 0, time.Now(), 0
	for epoch := 1; ; epoch++ {
		for _, batch := range l.Epoch(epoch, 0) {
			if t.Err() != nil {
				return 0, errors.New("interrupted")
			}
			images += len(batch.Labels)
			took := time.Since(start)
			if took < d/5 {
				continue
			}
			best = max(best, float64(images)/took.Seconds())
			if slices++; slices == 5 {
				return best, nil
			}
			images, start = 0, time.Now()
		}
	}
}

// photographs returns n images of JPEG, of smooth colours with a little noise.
func photographs(n, size int) (*data.Images, error) {
	dir, err := os.MkdirTemp("", "bitnet")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for part, count := range map[string]int{"train": n, "val": 1} {
		if err := os.MkdirAll(filepath.Join(dir, part, "class"), 0o777); err != nil {
			return nil, err
		}
		for i := range count {
			if err := writePhotograph(filepath.Join(dir, part, "class", strconv.Itoa(i)+".jpg"), size, i); err != nil {
				return nil, err
			}
		}
	}
	set, err := data.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	return set.Train, nil
}

func writePhotograph(path string, size, seed int) error {
	rng := tensor.NewStream(uint64(seed), "photograph")
	m := image.NewRGBA(image.Rect(0, 0, size, size))
	var wave [6]float64
	for i := range wave {
		wave[i] = 0.3 * rng.Float64()
	}
	for y := range size {
		for x := range size {
			level := func(i int) uint8 {
				v := math.Sin(wave[2*i]*float64(x)) * math.Cos(wave[2*i+1]*float64(y))
				return uint8(128 + 100*v + 20*rng.Float64())
			}
			m.SetRGBA(x, y, color.RGBA{level(0), level(1), level(2), 255})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(jpeg.Encode(f, m, &jpeg.Options{Quality: 90}), f.Close())
}

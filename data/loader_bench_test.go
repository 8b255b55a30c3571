package data

import (
	"fmt"
	"testing"
	"testing/fstest"
)

func BenchmarkLoader(b *testing.B) {
	for _, bb := range []struct {
		n, h, w, c int
		LoaderConfig
	}{
		{48000, 28, 28, 1, LoaderConfig{}},
		{12250, 32, 32, 3, LoaderConfig{}},
		{1361, 96, 96, 3, LoaderConfig{}},
		{48000, 28, 28, 1, LoaderConfig{Workers: 2}},
		{12250, 32, 32, 3, LoaderConfig{Crop: 4, Flip: true}},
		{12250, 32, 32, 3, LoaderConfig{Crop: 4, Flip: true, Workers: 2}},
		{4800, 28, 28, 1, LoaderConfig{Size: 32, Workers: 1}},
		{4800, 28, 28, 1, LoaderConfig{Size: 32, Workers: 2}},
		{160, 28, 28, 1, LoaderConfig{Size: 224, Channels: 3, Workers: 1}},
		{160, 28, 28, 1, LoaderConfig{Size: 224, Channels: 3, Workers: 2}},
		{160, 32, 32, 3, LoaderConfig{Size: 224, Workers: 1}},
		{160, 32, 32, 3, LoaderConfig{Size: 224, Workers: 2}},
	} {
		name := fmt.Sprintf("size=%dx%d", bb.h, bb.w)
		if bb.c > 1 {
			name += fmt.Sprintf("x%d", bb.c)
		}
		if bb.Flip {
			name += fmt.Sprintf("/crop=%d/flip", bb.Crop)
		}
		if bb.Size > 0 {
			name += fmt.Sprintf("/to=%dx%dx%d", bb.Size, bb.Size, max(bb.c, bb.Channels))
		}
		if bb.Workers > 0 {
			name += fmt.Sprintf("/workers=%d", bb.Workers)
		}
		b.Run(name, func(b *testing.B) {
			images := numbered(bb.n, bb.h, bb.w, bb.c)
			config := bb.LoaderConfig
			config.Batch, config.Shuffle = min(256, bb.n/5), true
			config.Mean, config.Std = images.MeanStd()
			l := NewLoader(images, images.All(), config)
			epoch := 0
			b.ReportAllocs()
			for b.Loop() {
				for range l.Epoch(epoch, 0) {
				}
				epoch++
			}
			b.ReportMetric(float64(b.N)*float64(l.Len())/b.Elapsed().Seconds(), "images/s")
		})
	}
}

func BenchmarkLoaderEncoded(b *testing.B) {
	for _, bb := range []struct {
		name string
		file []byte
	}{
		{"jpeg=64x64", asJPEG(64, 64, 90)},
		{"png=64x64", asPNG(speckled(1, 64, 64, 3), 64, 64, 3)},
		{"jpeg=375x500", asJPEG(375, 500, 90)},
	} {
		folder := fstest.MapFS{"val/a/1.jpg": {Data: bb.file}}
		for i := range 64 {
			folder[fmt.Sprintf("train/a/%d.jpg", i)] = &fstest.MapFile{Data: bb.file}
		}
		set, err := Open(folder, "bench", 1)
		if err != nil {
			b.Fatal(err)
		}
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/to=224x224x3/workers=%d", bb.name, workers), func(b *testing.B) {
				l := NewLoader(set.Train, set.Train.All(), LoaderConfig{Batch: 16, Shuffle: true, Size: 224, Mean: set.Mean, Std: set.Std, Workers: workers})
				b.ReportAllocs()
				for b.Loop() {
					for range l.Epoch(0, 0) {
					}
				}
				b.ReportMetric(float64(b.N)*float64(l.Len())/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}

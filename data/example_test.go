package data_test

import (
	"fmt"

	"github.com/AlarioAI/bitnet/data"
)

func Example() {
	images := &data.Images{
		N: 5, H: 1, W: 2, C: 1,
		Pixels: []uint8{0, 255, 255, 0, 0, 0, 255, 255, 0, 255},
		Labels: []int32{0, 1, 2, 3, 0},
	}
	mean, std := images.MeanStd()
	train, val := data.Split(images.N, 0.2, 53)
	fmt.Println(len(train), "to train on,", len(val), "to validate with")

	loader := data.NewLoader(images, train, data.LoaderConfig{Batch: 3, Shuffle: true, Seed: 53, Mean: mean, Std: std})
	for step, batch := range loader.Epoch(0, 0) {
		fmt.Println(step, batch.X.Shape, len(batch.Labels))
	}
	// Output:
	// 4 to train on, 1 to validate with
	// 0 (3, 1, 2, 1) 3
	// 1 (1, 1, 2, 1) 1
}

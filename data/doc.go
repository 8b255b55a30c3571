// Package data turns files into batches: labelled images held as bytes or as
// files of JPEG and PNG, their split into training and validation, and a loader
// that shuffles, decodes, augments, resizes, normalises and batches them in the
// background.
//
// A training set goes through it like this:
//
//	set, err := data.OpenFolder("fashion-mnist")
//	train, val := data.Split(set.Train.N, 0.2, seed)
//	loader := data.NewLoader(set.Train, train, data.LoaderConfig{
//		Batch: 256, Shuffle: true, Seed: seed, Mean: set.Mean, Std: set.Std,
//	})
//	for step, batch := range loader.Epoch(epoch, 0) {
//		// batch.X (B, H, W, C), batch.Labels (B)
//	}
package data

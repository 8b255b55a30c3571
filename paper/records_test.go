package paper

import (
	"math"

	"github.com/AlarioAI/bitnet/experiment"
	"github.com/AlarioAI/bitnet/train"
)

// runs makes one record for each accuracy (in percent), with the seeds 0, 1,
// ... and learning curves that fall towards it.
func runs(data, architecture, recipe string, parameters, images int, accuracies ...float64) []experiment.Record {
	var records []experiment.Record
	for seed, a := range accuracies {
		r := experiment.Record{
			Key:      experiment.Key{Data: data, Architecture: architecture, Recipe: recipe, Seed: uint64(seed)},
			Settings: experiment.Settings{Epochs: 5, BatchSize: 256, LearningRate: 0.001},
			Result:   train.Result{TestAccuracy: a / 100, TestLoss: 0.1, Parameters: parameters, TrainSize: images, BestEpoch: 4},
		}
		for e := range 5 {
			left := math.Exp(-1.1 * float64(e+1))
			r.Result.Epochs = append(r.Result.Epochs, train.Epoch{
				TrainLoss: 0.02 + left, ValLoss: 0.03 + left + (100-a)/100, ValAccuracy: a/100 - left/4, Seconds: 1, ImagesPerSecond: 48000,
			})
		}
		records = append(records, r)
	}
	return records
}

// twins are both twins of two networks on one data set, three seeds each.
func twins() (records []experiment.Record) {
	for _, part := range [][]experiment.Record{
		runs("mnist", "feedforward", "float", 79510, 48000, 96.89, 96.62, 96.99),
		runs("mnist", "feedforward", "b158", 79510, 48000, 96.40, 96.25, 96.40),
		runs("mnist", "lenet5", "float", 61750, 48000, 98.85, 99.03, 98.96),
		runs("mnist", "lenet5", "b158", 61750, 48000, 98.25, 98.47, 98.26),
	} {
		records = append(records, part...)
	}
	return records
}

// many are three recipes, two data sets, and names that need escaping.
func many() []experiment.Record {
	records := twins()
	for _, part := range [][]experiment.Record{
		runs("mnist", "feedforward", "alario", 79510, 48000, 96.29, 96.18, 96.36),
		runs("mnist", "feedforward", "b1", 79510, 48000, 96.10, 96.12, 95.95),
		runs("mnist", "lenet5", "alario", 61750, 48000, 98.47, 98.76, 98.56),
		runs("mnist", "lenet5", "b1", 61750, 48000, 98.11, 98.30, 98.27),
		runs("cifar10", "torchvision.models.resnet18", "float", 11181642, 40000, 76.31, 77.02, 76.55),
		runs("cifar10", "torchvision.models.resnet18", "b158", 11181642, 40000, 76.52, 76.80, 76.71),
		runs("cifar10", "my_net&co <50% #1>", "float", 1200000, 40000, 61.2, 60.4, 61.9),
		runs("cifar10", "my_net&co <50% #1>", "b158", 1200000, 40000, 58.7, 57.9, 59.3),
		runs("cifar10", "my_net&co <50% #1>", "b1", 1200000, 40000, 55.1, 54.0, 55.8),
	} {
		records = append(records, part...)
	}
	return records
}

func without(records []experiment.Record, drop func(experiment.Key) bool) (kept []experiment.Record) {
	for _, r := range records {
		if !drop(r.Key) {
			kept = append(kept, r)
		}
	}
	return kept
}

package train

// An Epoch is what one pass over the training set left behind.
type Epoch struct {
	TrainLoss       float64 `json:"train_loss"`        // mean cross entropy over the epoch's batches, in training mode
	ValLoss         float64 `json:"val_loss"`          // mean cross entropy over the validation set, in evaluation mode
	ValAccuracy     float64 `json:"val_accuracy"`      // in [0, 1]
	Seconds         float64 `json:"seconds"`           // of training and validation together
	ImagesPerSecond float64 `json:"images_per_second"` // training images only
}

// A Result is what one finished run reports. The test set was used once, on
// the weights of the best epoch.
type Result struct {
	Epochs       []Epoch `json:"epochs"`
	BestEpoch    int     `json:"best_epoch"`    // index into Epochs: the least validation loss, the first of equals
	TestLoss     float64 `json:"test_loss"`     // mean cross entropy of the best epoch's weights
	TestAccuracy float64 `json:"test_accuracy"` // in [0, 1]
	Parameters   int     `json:"num_parameters"`
	TrainSize    int     `json:"trainset_size"` // images trained on, validation excluded
}

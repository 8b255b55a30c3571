package data

import (
	"fmt"
	"math"
	"slices"

	"github.com/AlarioAI/bitnet/tensor"
)

// Split divides the indices 0 to n-1 at random into two parts: val has
// n*validation of them, rounded to the nearest (half away from zero), train
// the others. Each part is in ascending order; shuffling is the loader's
// business.
//
// The division depends on n, validation and seed only (stream "split"). Split
// panics if n is negative or validation is not in [0, 1].
func Split(n int, validation float64, seed uint64) (train, val []int) {
	if n < 0 || !(validation >= 0 && validation <= 1) {
		panic(fmt.Sprintf("data.Split: %d images with a validation part of %v, want n >= 0 and a part in [0, 1]", n, validation))
	}
	perm := tensor.NewStream(seed, "split").Perm(n)
	cut := int(math.Round(float64(n) * validation))
	val, train = perm[:cut:cut], perm[cut:]
	slices.Sort(val)
	slices.Sort(train)
	return train, val
}

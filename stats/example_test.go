package stats_test

import (
	"fmt"

	"github.com/AlarioAI/bitnet/stats"
)

// Two networks are trained under the same five seeds; their test accuracies
// are compared seed by seed.
func ExamplePaired() {
	float := []float64{98.85, 99.03, 98.96, 98.98, 98.85}
	bit := []float64{98.25, 98.47, 98.26, 98.16, 98.84}
	r := stats.Paired(bit, float, 0.95)
	fmt.Printf("difference %.2f, 95 %% CI [%.2f, %.2f], p = %.3f\n", r.Mean, r.CI.Low, r.CI.High, r.P)
	// Output: difference -0.54, 95 % CI [-0.93, -0.15], p = 0.018
}

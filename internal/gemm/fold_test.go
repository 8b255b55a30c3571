package gemm

import (
	"testing"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
)

// More samples than are folded at a time.
func TestFoldedSamples(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		c := conv(14, 14, 6, 4, 5, 5)
		if p := NewPlan(c); (p.folded != nil) != kernel.HasFold() {
			t.Fatalf("%v: folded is %v", c, p.folded != nil)
		}
		checkProducts(t, workers, c, 70)
	})
}

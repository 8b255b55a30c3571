package weights

import (
	_ "embed"
	"encoding/json"
	"math"
	"testing"

	"github.com/AlarioAI/bitnet/tensor"
)

//go:embed testdata/positions.json
var positionsGolden []byte

func TestInterpolatePositions(t *testing.T) {
	var golden struct {
		D     int
		Cases []struct{ From, To []float32 }
	}
	if err := json.Unmarshal(positionsGolden, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		from, to := len(c.From)/golden.D, len(c.To)/golden.D
		if !canInterpolate([]int{1, from, golden.D}, []int{1, to, golden.D}) {
			t.Errorf("%d tokens cannot become %d", from, to)
		}
		got := interpolatePositions(tensor.From(c.From, 1, from, golden.D), to)
		for i, v := range got.Data {
			if !(math.Abs(float64(v-c.To[i])) <= 1e-5) {
				t.Errorf("%d tokens to %d: element %d is %g, want %g", from, to, i, v, c.To[i])
				break
			}
		}
	}
}

func TestWhatCannotBeInterpolated(t *testing.T) {
	for _, from := range [][]int{{1, 6, 3}, {1, 1, 3}, {2, 5, 3}, {1, 5, 4}, {5, 3}, nil} {
		if canInterpolate(from, []int{1, 10, 3}) {
			t.Errorf("%v can become 9 patches of 3 features", from)
		}
	}
}

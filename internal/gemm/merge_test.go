package gemm

import (
	"fmt"
	"testing"

	"github.com/AlarioAI/bitnet/internal/kernel"
	"github.com/AlarioAI/bitnet/internal/parallel"
)

func TestMerged(t *testing.T) {
	forLevels(t, func(t *testing.T, workers *parallel.Pool) {
		lanes := kernel.TileF32().NR / 2
		for _, tt := range []struct {
			g      Conv
			groups int // that are left
		}{
			{Linear(40, 30), 1},
			{conv(3, 3, 128, 128, 3, 3, groups(32)), 128 / lanes},
			{conv(3, 3, 128, 64, 3, 3, groups(32)), 128 / lanes},
			{conv(3, 3, 64, 128, 3, 3, groups(64)), 128 / lanes},
			{conv(3, 3, 20, 20, 3, 3, groups(10)), map[int]int{8: 5, 16: 2}[lanes]},
			{conv(3, 3, 64, 64, 3, 3, groups(2)), 2},
			{conv(3, 3, 16, 64, 3, 3, groups(4)), 4},
		} {
			if m := tt.g.merged(); m.Groups != tt.groups {
				t.Errorf("%v: %d groups, want %d", tt.g, m.Groups, tt.groups)
			}
			t.Run(fmt.Sprint(tt.g), func(t *testing.T) { checkAgainstGeneral(t, workers, tt.g, 2) })
		}
	})
}

package kernel

import (
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

// eachLevel runs a test on every level of this processor.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	for _, level := range cpu.Levels() {
		t.Run("isa="+level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			test(t)
		})
	}
}

// eachLevelBench runs a benchmark on every level of this processor.
func eachLevelBench(b *testing.B, bench func(b *testing.B)) {
	for _, level := range cpu.Levels() {
		b.Run("isa="+level.String(), func(b *testing.B) {
			defer cpu.Force(level)()
			bench(b)
		})
	}
}

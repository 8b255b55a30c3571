package kernel

import (
	"testing"

	"github.com/AlarioAI/bitnet/internal/cpu"
)

// eachLevelRate measures, on every level, what prepare returns: a call, and
// how many operations of the given unit it does.
func eachLevelRate(b *testing.B, name, unit string, prepare func() (run func(), count int)) {
	for _, level := range cpu.Levels() {
		b.Run("isa="+level.String()+"/"+name, func(b *testing.B) {
			defer cpu.Force(level)()
			run, count := prepare()
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds()/1e9, "G"+unit+"/s")
		})
	}
}

package quant

import (
	"fmt"
	"slices"
	"testing"

	"github.com/AlarioAI/bitnet/autograd"
)

// On a frozen tape a weight's codes are those it had when it was first used;
// afterwards they are its own again.
func TestFrozenWeights(t *testing.T) {
	for _, l := range layers() {
		for _, r := range []Recipe{Float, B158, B1} {
			name := fmt.Sprint(r, "/", l.name)
			c := l.draw(1)
			tape := autograd.NewTape(nil)
			tape.Record(false)
			pass := func() []float32 {
				tape.Reset()
				return slices.Clone(r.Conv(tape, c.x, c.w, c.bias, c.g).Data)
			}
			want := pass()
			tape.Freeze(true)
			pass()
			if got := pass(); !slices.Equal(got, want) {
				t.Errorf("%s: another output from kept weights", name)
			}
			for i := range c.w.Data {
				c.w.Data[i] = 1 - 2*c.w.Data[i]
			}
			if got := pass(); !slices.Equal(got, want) {
				t.Errorf("%s: a frozen weight was read again", name)
			}
			tape.Freeze(false)
			fresh := pass()
			if slices.Equal(fresh, want) {
				t.Errorf("%s: the weights are still frozen", name)
			}
			tape.Freeze(true)
			if got := pass(); !slices.Equal(got, fresh) {
				t.Errorf("%s: frozen again, the output differs", name)
			}
		}
	}
}

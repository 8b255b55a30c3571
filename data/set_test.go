package data

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// raw compares images of which none is encoded.
func raw() cmp.Option { return cmp.AllowUnexported(Images{}) }

func TestCheckFit(t *testing.T) {
	for _, tt := range []struct {
		c, size, channels int
		want              string // empty: it fits
	}{
		{1, 0, 0, ""},
		{1, 224, 1, ""},
		{1, 16384, 3, ""},
		{3, 1, 0, ""},
		{3, 0, 3, ""},
		{4, 0, 4, ""},
		{3, 0, 1, "channels 1, expected 3 as the images have"},
		{4, 0, 3, "channels 3, expected 4 as the images have"},
		{1, 0, 2, "channels 2, expected 1 or 3 as the images are grey"},
		{1, 0, -1, "channels -1, expected 1 or 3 as the images are grey"},
		{1, -1, 0, "size -1, expected 0 (as the images are) to 16384"},
		{1, 16385, 0, "size 16385, expected 0 (as the images are) to 16384"},
	} {
		got := ""
		if err := (&Images{N: 1, H: 28, W: 28, C: tt.c}).CheckFit(tt.size, tt.channels); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("channels %d, CheckFit(%d, %d): got %q, want %q", tt.c, tt.size, tt.channels, got, tt.want)
		}
	}
}

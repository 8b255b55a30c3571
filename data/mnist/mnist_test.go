package mnist

import (
	"crypto/md5"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/AlarioAI/bitnet/data"
)

// TestFiles compares with the sums by which torchvision knows the files.
func TestFiles(t *testing.T) {
	for file, want := range map[string]string{
		"train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
		"train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
		"t10k-images-idx3-ubyte.gz":  "9fb629c4189551a2d022fa330f9573f3",
		"t10k-labels-idx1-ubyte.gz":  "ec29112dd5afa0611ce80d1b7f02629c",
	} {
		content, err := files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", md5.Sum(content)); got != want {
			t.Errorf("%s: MD5 %s, want %s", file, got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if set.Name != "mnist" || set.Classes != 10 {
		t.Errorf("set %s of %d classes, want mnist of 10", set.Name, set.Classes)
	}
	for _, tt := range []struct {
		name   string
		images *data.Images
		n      int
		first  []int32
		digits []int // how many of each, as published
	}{
		{"train", set.Train, 60000, []int32{5, 0, 4, 1, 9}, []int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}},
		{"test", set.Test, 10000, []int32{7, 2, 1, 0, 4}, []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}},
	} {
		m := tt.images
		if m.N != tt.n || m.H != 28 || m.W != 28 || m.C != 1 || len(m.Pixels) != tt.n*784 {
			t.Errorf("%s: %d images of %dx%dx%d", tt.name, m.N, m.H, m.W, m.C)
		}
		digits := make([]int, 10)
		for _, label := range m.Labels {
			digits[label]++
		}
		if diff := cmp.Diff(tt.first, m.Labels[:5]); diff != "" {
			t.Error(tt.name, "first labels", diff)
		}
		if diff := cmp.Diff(tt.digits, digits); diff != "" {
			t.Error(tt.name, "digits", diff)
		}
	}
	if set.Mean[0] != 0.1307 || set.Std[0] != 0.3081 {
		t.Errorf("mean %v and std %v, want 0.1307 and 0.3081", set.Mean, set.Std)
	}

	// The constants are rounded to four decimals, hence the tolerance: half a
	// ten-thousandth over the standard deviation.
	const tolerance = 0.5e-4 / 0.3081
	loader := data.NewLoader(set.Train, set.Train.All(), data.LoaderConfig{Batch: 1000, Mean: set.Mean, Std: set.Std})
	var n, sum, squares float64
	for _, b := range loader.Epoch(0, 0) {
		for _, x := range b.X.Data {
			n++
			sum += float64(x)
			squares += float64(x) * float64(x)
		}
	}
	mean := sum / n
	std := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean) > tolerance || math.Abs(std-1) > tolerance {
		t.Errorf("normalised pixels have mean %v and std %v, want about 0 and 1", mean, std)
	}
}

package pth

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/AlarioAI/bitnet/internal/floats"
)

func decodeBytes(file []byte) (*File, error) {
	return Decode(bytes.NewReader(file), int64(len(file)), "file")
}

// pickleOf returns a pickle of a dict of one tensor w.
func pickleOf(x *tensor) string {
	p := pickler{byte(opProto), 2}
	p.op(opEmptyDict)
	p.string("w")
	p.tensor(x)
	p.op(opSetItem, opStop)
	return string(p)
}

// A part is a record of an archive to be made.
type part struct{ name, text string }

func archiveOf(parts ...part) []byte {
	var file bytes.Buffer
	a := archiveWriter{zip: zip.NewWriter(&file)}
	for _, p := range parts {
		if err := a.addText(p.name, p.text); err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := a.zip.Close(); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// storageOf returns n elements, each the number of its place.
func storageOf(class storageType, n int) string {
	var data []byte
	for i := range n {
		switch class {
		case "DoubleStorage":
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(float64(i)))
		case "FloatStorage":
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(i)))
		case "BFloat16Storage": // exact up to 256
			data = binary.LittleEndian.AppendUint16(data, uint16(math.Float32bits(float32(i))>>16))
		}
	}
	return string(data)
}

// places lists where the elements of a tensor are, in row-major order: the
// definition.
func places(x *tensor) []int {
	list := []int{x.offset}
	for k, length := range x.shape {
		var longer []int
		for _, place := range list {
			for i := range length {
				longer = append(longer, place+i*x.stride[k])
			}
		}
		list = longer
	}
	return list
}

func checkPlaces(t *rapid.T, f *File, want []int) {
	got, err := f.Float32("w")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d elements, want %d", len(got), len(want))
	}
	for i, v := range got {
		if int(v) != want[i] {
			t.Fatalf("element %d is from place %v, want %d", i, v, want[i])
		}
	}
}

// TestViews reads what slicing, transposing and splitting make of a tensor.
func TestViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.SampledFrom([]storageType{"FloatStorage", "DoubleStorage", "BFloat16Storage"}).Draw(t, "class")
		longest := 40 // several blocks of storage
		if class == "BFloat16Storage" {
			longest = 6
		}
		shape := rapid.SliceOfN(rapid.IntRange(1, longest), 0, 3).Draw(t, "shape")
		n, _ := floats.Count(shape)
		x := &tensor{storage: &storage{class, "0", n}, shape: shape, stride: rowMajor(shape)}
		for k := range shape {
			first := rapid.IntRange(0, shape[k]-1).Draw(t, "first")
			step := rapid.IntRange(1, 4).Draw(t, "step")
			x.offset += first * x.stride[k]
			x.shape[k] = (shape[k] - first + step - 1) / step
			x.stride[k] *= step
		}
		sliced := *x
		x.shape, x.stride = nil, nil
		for _, k := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "axes") {
			if k < len(sliced.shape) {
				x.shape, x.stride = append(x.shape, sliced.shape[k]), append(x.stride, sliced.stride[k])
			}
		}
		if rapid.Bool().Draw(t, "unsqueeze") {
			x.shape, x.stride = append(x.shape, 1), append(x.stride, rapid.IntRange(0, 9).Draw(t, "stride"))
		}
		f, err := decodeBytes(archiveOf(part{"data.pkl", pickleOf(x)}, part{"data/0", storageOf(class, n)}))
		if err != nil {
			t.Fatal(err)
		}
		checkPlaces(t, f, places(x))
	})
}

// TestAnyStrides takes numbers as they come: a tensor is refused if it is not
// within its storage or its elements do not ascend in the order of the axes,
// and only then.
func TestAnyStrides(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		axes := rapid.IntRange(0, 3).Draw(t, "axes")
		x := &tensor{
			storage: &storage{"FloatStorage", "0", rapid.IntRange(0, 40).Draw(t, "n")},
			offset:  rapid.IntRange(0, 10).Draw(t, "offset"),
			shape:   rapid.SliceOfN(rapid.IntRange(0, 4), axes, axes).Draw(t, "shape"),
			stride:  rapid.SliceOfN(rapid.IntRange(0, 12), axes, axes).Draw(t, "stride"),
		}
		// The same elements with the axes in the order of their strides.
		sorted := *x
		sorted.shape, sorted.stride = nil, nil
		for _, a := range x.axes() {
			sorted.shape, sorted.stride = append(sorted.shape, a.length), append(sorted.stride, a.stride)
		}
		ascending := places(&sorted)
		good := true
		for i, place := range ascending {
			good = good && place < x.storage.n && (i == 0 || place > ascending[i-1])
		}
		f, err := decodeBytes(archiveOf(part{"data.pkl", pickleOf(x)}, part{"data/0", storageOf("FloatStorage", x.storage.n)}))
		if (err == nil) != good {
			t.Fatalf("places %v of %d: error %v", ascending, x.storage.n, err)
		}
		if err != nil {
			if s := err.Error(); !strings.Contains(s, "beyond") && !strings.Contains(s, "share memory") {
				t.Fatal(err)
			}
			return
		}
		accepted++
		checkPlaces(t, f, places(x))
	})
	if accepted == 0 {
		t.Error("every tensor was refused")
	}
}

// TestHugeNumbers has sums and products that overflow.
func TestHugeNumbers(t *testing.T) {
	const most = math.MaxInt
	for _, tt := range []struct {
		offset        int
		shape, stride []int
		want          string
	}{
		{0, []int{most}, []int{1}, "shape [most], stride [1] and offset 0 reach beyond the 4 elements of the storage"},
		{0, []int{2}, []int{most}, "shape [2], stride [most] and offset 0 reach beyond the 4 elements of the storage"},
		{0, []int{3}, []int{most}, "shape [3], stride [most] and offset 0 reach beyond the 4 elements of the storage"},
		{0, []int{2, 2}, []int{1, most}, "shape [2 2], stride [1 most] and offset 0 reach beyond the 4 elements of the storage"},
		{0, []int{most, most}, []int{0, 0}, "shape [most most] has more elements than can be counted"},
		{0, []int{most}, []int{0}, "elements share memory, expected a tensor as tensor.contiguous() makes"},
		{most, []int{1}, []int{1}, "shape [1], stride [1] and offset most reach beyond the 4 elements of the storage"},
		{4, nil, nil, "shape [], stride [] and offset 4 reach beyond the 4 elements of the storage"},
		{1, []int{4}, []int{1}, "shape [4], stride [1] and offset 1 reach beyond the 4 elements of the storage"},
		{most, []int{most, 0}, []int{most, most}, ""},
	} {
		x := &tensor{&storage{"FloatStorage", "0", 4}, tt.offset, tt.shape, tt.stride}
		_, err := decodeBytes(archiveOf(part{"data.pkl", pickleOf(x)}, part{"data/0", storageOf("FloatStorage", 4)}))
		got := ""
		if err != nil {
			got = strings.ReplaceAll(strings.TrimPrefix(err.Error(), `file: tensor "w": `), "9223372036854775807", "most")
			got = strings.ReplaceAll(got, "2147483647", "most")
		}
		if got != tt.want {
			t.Errorf("offset %d, shape %v, stride %v: error %s\nwant %s", tt.offset, tt.shape, tt.stride, got, tt.want)
		}
	}
}

// TestGatherReadsOnce counts what a transposed tensor of several blocks reads.
func TestGatherReadsOnce(t *testing.T) {
	const rows, columns = 300, 200
	x := &tensor{&storage{"FloatStorage", "0", rows * columns}, 0, []int{columns, rows}, []int{1, columns}}
	file := archiveOf(part{"data.pkl", pickleOf(x)}, part{"data/0", storageOf("FloatStorage", rows*columns)})
	counter := &counted{Reader: bytes.NewReader(file)}
	f, err := Decode(counter, int64(len(file)), "file")
	if err != nil {
		t.Fatal(err)
	}
	counter.n = 0
	got, err := f.Float32("w")
	if err != nil {
		t.Fatal(err)
	}
	want := places(x)
	if !slices.EqualFunc(got, want, func(v float32, place int) bool { return int(v) == place }) {
		t.Error("the elements differ")
	}
	if counter.n != 4*rows*columns {
		t.Errorf("%d bytes read, want each of %d once", counter.n, 4*rows*columns)
	}
}

type counted struct {
	*bytes.Reader
	n int
}

func (c *counted) ReadAt(p []byte, offset int64) (int, error) {
	c.n += len(p)
	return c.Reader.ReadAt(p, offset)
}

func BenchmarkFloat32(b *testing.B) {
	const rows, columns = 2048, 1024
	for name, x := range map[string]*tensor{
		"contiguous": {shape: []int{rows, columns}, stride: []int{columns, 1}},
		"transposed": {shape: []int{columns, rows}, stride: []int{1, columns}},
	} {
		x.storage = &storage{"FloatStorage", "0", rows * columns}
		f, err := decodeBytes(archiveOf(part{"data.pkl", pickleOf(x)}, part{"data/0", storageOf("FloatStorage", rows*columns)}))
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]float32, rows*columns)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4 * rows * columns)
			for b.Loop() {
				if err := f.ReadInto("w", dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

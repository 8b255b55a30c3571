package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// cifarImage returns the pixels (32, 32, 3) of an image that follow from its
// number.
func cifarImage(number int) []uint8 {
	m := make([]uint8, 3072)
	for i := range m {
		m[i] = uint8(i*i>>4 + 31*number)
	}
	return m
}

// cifarRecord writes a record: the labels and the image in planes.
func cifarRecord(image []uint8, labels ...byte) []byte {
	record := bytes.Clone(labels)
	for c := range 3 {
		for p := range 32 * 32 {
			record = append(record, image[3*p+c])
		}
	}
	return record
}

func TestReadCIFAR(t *testing.T) {
	pixels := join(cifarImage(0), cifarImage(1))
	ten := join(cifarRecord(cifarImage(0), 9), cifarRecord(cifarImage(1), 0))
	hundred := join(cifarRecord(cifarImage(0), 19, 99), cifarRecord(cifarImage(1), 0, 7))
	for _, tt := range []struct {
		name   string
		read   func(io.Reader, string) (*Images, error)
		plain  []byte
		labels []int32
	}{
		{"10", ReadCIFAR10, ten, []int32{9, 0}},
		{"100", ReadCIFAR100, hundred, []int32{99, 7}},
	} {
		want := &Images{N: 2, H: 32, W: 32, C: 3, Pixels: pixels, Labels: tt.labels}
		for name, r := range map[string]io.Reader{
			"plain":              bytes.NewReader(tt.plain),
			"byte by byte":       iotest.OneByteReader(bytes.NewReader(tt.plain)),
			"gzip":               bytes.NewReader(compressed(tt.plain)),
			"gzip, byte by byte": iotest.OneByteReader(bytes.NewReader(compressed(tt.plain))),
		} {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				got, err := tt.read(r, "file")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, raw()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestReadCIFARRefuses(t *testing.T) {
	good := join(cifarRecord(cifarImage(0), 9), cifarRecord(cifarImage(1), 0))
	zipped := compressed(good)
	badSum := bytes.Clone(zipped)
	badSum[len(badSum)-8] ^= 1

	const notEnded = "the gzip data is cut off after 6146 bytes or followed by others"
	for _, tt := range []struct {
		name string
		read func(io.Reader, string) (*Images, error)
		file []byte
		want string
	}{
		{"empty", ReadCIFAR10, nil, "0 bytes, expected a multiple of 3073, the size of a record"},
		{"cut", ReadCIFAR10, good[:6145], "6145 bytes, expected a multiple of 3073, the size of a record"},
		{"trailing byte", ReadCIFAR10, join(good, []byte{0}), "6147 bytes, expected a multiple of 3073, the size of a record"},
		{"ten for a hundred", ReadCIFAR100, good, "6146 bytes, expected a multiple of 3074, the size of a record"},
		{"label", ReadCIFAR10, join(good, cifarRecord(cifarImage(0), 10)), "label 10 at index 2 is out of range, expected 0 to 9"},
		{"coarse label", ReadCIFAR100, cifarRecord(cifarImage(0), 20, 3), "coarse label 20 at index 0 is out of range, expected 0 to 19"},
		{"fine label", ReadCIFAR100, cifarRecord(cifarImage(0), 3, 100), "fine label 100 at index 0 is out of range, expected 0 to 99"},
		{"gzip header cut", ReadCIFAR10, zipped[:5], "truncated: the file ends inside the gzip header"},
		{"gzip data cut", ReadCIFAR10, zipped[:10], "the gzip data is cut off after 0 bytes or followed by others"},
		{"gzip checksum cut", ReadCIFAR10, zipped[:len(zipped)-1], notEnded},
		{"gzip checksum bad", ReadCIFAR10, badSum, "gzip: invalid checksum"},
		{"gzip and a byte", ReadCIFAR10, join(zipped, []byte{0}), notEnded},
		{"gzip and text", ReadCIFAR10, join(zipped, []byte("some more text")), notEnded},
		{"gzip of too little", ReadCIFAR10, compressed(good[:20]), "20 bytes, expected a multiple of 3073, the size of a record"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			images, err := tt.read(bytes.NewReader(tt.file), "some/file")
			if images != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", images, err)
			}
			if want := "some/file: " + tt.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}

	broken := errors.New("disk on fire")
	if _, err := ReadCIFAR10(io.MultiReader(bytes.NewReader(good), iotest.ErrReader(broken)), "f"); !errors.Is(err, broken) {
		t.Errorf("got %v, want what the reader said", err)
	}
}

func FuzzReadCIFAR(f *testing.F) {
	ten := join(cifarRecord(cifarImage(0), 9), cifarRecord(cifarImage(1), 0))
	hundred := cifarRecord(cifarImage(0), 19, 99)
	for _, good := range [][]byte{ten, hundred} {
		for _, fine := range []bool{false, true} {
			f.Add(good, fine)
			f.Add(compressed(good), fine)
			f.Add(compressed(good)[:20], fine)
			f.Add(good[:3072], fine)
			f.Add(join(compressed(good), []byte{0}), fine)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte, fine bool) {
		read, labels, classes := ReadCIFAR10, 1, int32(10)
		if fine {
			read, labels, classes = ReadCIFAR100, 2, 100
		}
		images, err := read(bytes.NewReader(file), "file")
		if err != nil {
			checkError(t, err)
			return
		}
		if images.N == 0 || len(images.Labels) != images.N || len(images.Pixels) != images.N*3072 {
			t.Fatalf("%d images with %d labels and %d pixels", images.N, len(images.Labels), len(images.Pixels))
		}
		size := labels + 3072
		for i, label := range images.Labels {
			if label < 0 || label >= classes {
				t.Fatalf("label %d of %d classes", label, classes)
			}
			if file[0] == 0x1f { // gzip: no label is as large
				continue
			}
			record := file[i*size:][:size]
			if label != int32(record[labels-1]) || !bytes.Equal(cifarRecord(images.Image(i), record[:labels]...), record) {
				t.Fatalf("image %d is another one than in the file", i)
			}
		}
	})
}

// cifar10 returns a folder of five training images and one test image.
func cifar10() fstest.MapFS {
	folder := fstest.MapFS{"test_batch.bin": {Data: cifarRecord(cifarImage(6), 6)}, "batches.meta.txt": {Data: []byte("cat\n")}}
	for i := 1; i <= 5; i++ {
		folder[fmt.Sprintf("data_batch_%d.bin", i)] = &fstest.MapFile{Data: cifarRecord(cifarImage(i), byte(i))}
	}
	return folder
}

func cifar100() fstest.MapFS {
	return fstest.MapFS{
		"train.bin": {Data: join(cifarRecord(cifarImage(1), 0, 98), cifarRecord(cifarImage(2), 1, 2))},
		"test.bin":  {Data: cifarRecord(cifarImage(6), 19, 6)},
	}
}

func TestOpenCIFAR(t *testing.T) {
	test := func(label int32) *Images {
		return &Images{N: 1, H: 32, W: 32, C: 3, Pixels: cifarImage(6), Labels: []int32{label}}
	}
	ten := &Set{Name: "set", Classes: 10, Test: test(6), Train: &Images{N: 5, H: 32, W: 32, C: 3,
		Pixels: join(cifarImage(1), cifarImage(2), cifarImage(3), cifarImage(4), cifarImage(5)), Labels: []int32{1, 2, 3, 4, 5}}}
	hundred := &Set{Name: "set", Classes: 100, Test: test(6), Train: &Images{N: 2, H: 32, W: 32, C: 3,
		Pixels: join(cifarImage(1), cifarImage(2)), Labels: []int32{98, 2}}}
	for _, set := range []*Set{ten, hundred} {
		set.Mean, set.Std = set.Train.MeanStd()
	}

	zipped10, zipped100, both := cifar10(), cifar100(), cifar10()
	zip(zipped10, "data_batch_1.bin", "data_batch_4.bin", "test_batch.bin")
	zip(zipped100, "train.bin", "test.bin")
	for file, content := range cifar100() {
		both[file] = content
	}
	for _, tt := range []struct {
		name   string
		folder fs.FS
		want   *Set
	}{
		{"10", cifar10(), ten},
		{"10, some gzip", zipped10, ten},
		{"100", cifar100(), hundred},
		{"100, gzip", zipped100, hundred},
		{"10 before 100", both, ten},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Open(tt.folder, "set", 7) // classes are known
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, set, raw()); diff != "" {
				t.Error(diff)
			}
		})
	}

	mixed := digits() // what was read before CIFAR was known still is
	for file, content := range both {
		mixed[file] = content
	}
	if set, err := Open(mixed, "digits", 10); err != nil || !cmp.Equal(set, &wantDigits, raw()) {
		t.Errorf("IDX beside CIFAR: got %v, %v", set, err)
	}
}

func TestOpenCIFARRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		folder fstest.MapFS
		file   string
		data   []byte // nil: the file is missing
		want   string
	}{
		{"no first batch", cifar10(), "data_batch_1.bin", nil, "data_batch_1.bin: no such file, expected it plain or with .gz"},
		{"no last batch", cifar10(), "data_batch_5.bin", nil, "data_batch_5.bin: no such file, expected it plain or with .gz"},
		{"no test batch", cifar10(), "test_batch.bin", nil, "test_batch.bin: no such file, expected it plain or with .gz"},
		{"no training images", cifar100(), "train.bin", nil, "train.bin: no such file, expected it plain or with .gz"},
		{"no test images", cifar100(), "test.bin", nil, "test.bin: no such file, expected it plain or with .gz"},
		{"bad batch", cifar10(), "data_batch_3.bin", []byte{1}, "data_batch_3.bin: 1 bytes, expected a multiple of 3073, the size of a record"},
		{"bad test", cifar100(), "test.bin", cifarRecord(cifarImage(0), 20, 0), "test.bin: coarse label 20 at index 0 is out of range, expected 0 to 19"},
		{"a test batch alone", fstest.MapFS{"test_batch.bin.gz": {}}, "", nil, "data_batch_1.bin: no such file, expected it plain or with .gz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			delete(tt.folder, tt.file)
			if tt.data != nil {
				tt.folder[tt.file] = &fstest.MapFile{Data: tt.data}
			}
			set, err := Open(tt.folder, "cifar", 10)
			if set != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", set, err)
			}
			if want := filepath.Join("cifar", tt.want); err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}

	_, err := Open(fstest.MapFS{"data_batch_1": {}}, "python", 10) // of the version for Python
	const want = "python: no data set, expected files of IDX (train-images-idx3-ubyte), CIFAR-10 (data_batch_1.bin) or CIFAR-100 (train.bin), plain or with .gz, or folders of images (train/CLASS/*.jpg)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

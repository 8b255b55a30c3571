package data

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// DefaultClasses is the number of classes that OpenFolder expects of a set that
// does not say it.
const DefaultClasses = 10

// OpenFolder reads the data set in a folder, as Open does, with the folder's
// base name as the name of the set and DefaultClasses classes where Open asks
// for them.
func OpenFolder(dir string) (*Set, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w, expected a folder with a data set", dir, reason(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder, expected a folder with a data set", dir)
	}
	full, err := filepath.Abs(dir) // "." and ".." have a name too
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return folder{os.DirFS(dir), dir}.open(filepath.Base(full), DefaultClasses)
}

// Open reads the data set in the root of fsys. Its files tell what it is:
// grey images under the names of MNIST and its successors (Fashion-MNIST,
// KMNIST, QMNIST),
//
//	train-images-idx3-ubyte    train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte     t10k-labels-idx1-ubyte
//
// or the binary version of CIFAR-10,
//
//	data_batch_1.bin to data_batch_5.bin    test_batch.bin
//
// or that of CIFAR-100, of which the 100 fine classes are taken,
//
//	train.bin    test.bin
//
// each of them plain or with .gz at the end of its name; if both are there, the
// plain one is read. Or images of JPEG or PNG lie in a folder for each class, as
// for torchvision's ImageFolder,
//
//	train/CLASS/*.jpg    val/CLASS/*.jpg
//
// with names that end in .jpg, .jpeg or .png, at any depth below CLASS; other
// files, and names that begin with a dot, are not looked at. test takes the place
// of a missing val. Where files of several sets are there, the first one in this
// order is read.
//
// The classes of such folders are the names in train, sorted; val may lack some.
// The images stay in memory as the files are, and loaders decode them. They may
// differ in size: H and W are 0 then. C is 1 if all are grey, else 3 (see
// LoaderConfig.Channels for what needs 3 in any case). Every image is decoded
// once here, on all processors, so that a loader cannot fail: that takes as long
// as an epoch in which nothing else is done. An image may have 2^26 pixels, and
// 16384 on a side.
//
// IDX does not say how many classes there are, and the greatest label does not
// either: a small set may lack the last class, and one damaged byte would make
// 200 classes out of ten. So the caller says it, and a label that is not below
// classes is an error; elsewhere it is known, and classes is not looked at. It
// is also an error if a file is missing or bad (see ReadImages, ReadCIFAR10), if
// an image cannot be decoded, if a class has no images or is in val only, if the
// numbers of images and labels differ, or if training and test images of bytes
// differ in size. An error is one line and begins with the file's path, which
// is name and the file's name.
func Open(fsys fs.FS, name string, classes int) (*Set, error) {
	return folder{fsys, name}.open(name, classes)
}

// A folder is a place to read from and what to call it in errors.
type folder struct {
	fsys fs.FS
	path string
}

func (f folder) open(name string, classes int) (*Set, error) {
	if classes < 1 {
		panic(fmt.Sprintf("data.Open: %d classes, want at least 1", classes))
	}
	set := &Set{Name: name, Classes: classes}
	cifar10 := []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}
	var err error
	switch {
	case f.has("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
		set.Train, set.Test, err = f.openIDX(classes)
	case f.has(cifar10...), f.has("test_batch.bin"):
		set.Classes = 10
		set.Train, set.Test, err = f.openCIFAR(ReadCIFAR10, cifar10, "test_batch.bin")
	case f.has("train.bin", "test.bin"):
		set.Classes = 100
		set.Train, set.Test, err = f.openCIFAR(ReadCIFAR100, []string{"train.bin"}, "test.bin")
	case f.isFolder("train"):
		err = f.openClasses(set)
	default:
		err = fmt.Errorf("%s: no data set, expected files of IDX (train-images-idx3-ubyte), CIFAR-10 (data_batch_1.bin) or CIFAR-100 (train.bin), plain or with .gz, or folders of images (train/CLASS/*.jpg)", f.path)
	}
	if err != nil {
		return nil, err
	}
	set.Mean, set.Std = set.Train.MeanStd()
	return set, nil
}

// has reports whether one of the files is there, plain or with .gz. One that
// cannot be looked at is: reading it will tell why.
func (f folder) has(files ...string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		_, plain := fs.Stat(f.fsys, file)
		_, zipped := fs.Stat(f.fsys, file+".gz")
		return !errors.Is(plain, fs.ErrNotExist) || !errors.Is(zipped, fs.ErrNotExist)
	})
}

func (f folder) openIDX(classes int) (train, test *Images, err error) {
	train, _, err = f.part("train", classes)
	if err != nil {
		return nil, nil, err
	}
	test, testPath, err := f.part("t10k", classes)
	if err != nil {
		return nil, nil, err
	}
	if test.H != train.H || test.W != train.W {
		return nil, nil, fmt.Errorf("%s: images of %dx%d, expected %dx%d as in training", testPath, test.H, test.W, train.H, train.W)
	}
	return train, test, nil
}

// part reads the images and labels of "train" or "t10k", and returns the path
// of the images for errors about them.
func (f folder) part(prefix string, classes int) (images *Images, imagesPath string, err error) {
	images, imagesPath, err = read(f, prefix+"-images-idx3-ubyte", ReadImages)
	if err != nil {
		return nil, "", err
	}
	var labelsPath string
	images.Labels, labelsPath, err = read(f, prefix+"-labels-idx1-ubyte", func(r io.Reader, path string) ([]int32, error) {
		return ReadLabels(r, path, classes)
	})
	if err != nil {
		return nil, "", err
	}
	if len(images.Labels) != images.N {
		return nil, "", fmt.Errorf("%s: %d labels, expected %d as there are images in %s",
			labelsPath, len(images.Labels), images.N, filepath.Base(imagesPath))
	}
	return images, imagesPath, nil
}

// openCIFAR reads the training images from several files, one after the other,
// and the test images from one.
func (f folder) openCIFAR(decode func(io.Reader, string) (*Images, error), trainFiles []string, testFile string) (train, test *Images, err error) {
	var n int
	var pixels [][]uint8
	var labels [][]int32
	for _, file := range trainFiles {
		batch, _, err := read(f, file, decode)
		if err != nil {
			return nil, nil, err
		}
		n += batch.N
		pixels, labels = append(pixels, batch.Pixels), append(labels, batch.Labels)
	}
	if test, _, err = read(f, testFile, decode); err != nil {
		return nil, nil, err
	}
	train = &Images{N: n, H: test.H, W: test.W, C: test.C, Pixels: slices.Concat(pixels...), Labels: slices.Concat(labels...)}
	return train, test, nil
}

// read opens the file, plain or with .gz, and decodes it. It returns the path
// of what it opened too.
func read[T any](f folder, file string, decode func(r io.Reader, path string) (T, error)) (content T, path string, err error) {
	path = filepath.Join(f.path, file)
	r, err := f.fsys.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = f.fsys.Open(file + ".gz")
		if errors.Is(err, fs.ErrNotExist) {
			return content, "", fmt.Errorf("%s: no such file, expected it plain or with .gz", path)
		}
		path += ".gz"
	}
	if err != nil {
		return content, "", fmt.Errorf("%s: %w", path, reason(err))
	}
	defer r.Close()
	content, err = decode(r, path)
	return content, path, err
}

// reason strips the operation and the path from an error of the file system:
// our errors name the path themselves.
func reason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

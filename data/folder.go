package data

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultClasses is the number of classes that OpenFolder expects.
const DefaultClasses = 10

// OpenFolder reads the data set in a folder of IDX files, as Open does, with
// the folder's base name as the name of the set and DefaultClasses classes.
func OpenFolder(dir string) (*Set, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w, expected a folder of IDX files", dir, reason(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder, expected a folder of IDX files", dir)
	}
	full, err := filepath.Abs(dir) // "." and ".." have a name too
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return folder{os.DirFS(dir), dir}.open(filepath.Base(full), DefaultClasses)
}

// Open reads the data set of grey images in the root of fsys, under the file
// names of MNIST and its successors (Fashion-MNIST, KMNIST, QMNIST):
//
//	train-images-idx3-ubyte    train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte     t10k-labels-idx1-ubyte
//
// each of them plain or with .gz at the end of its name; if both are there, the
// plain one is read.
//
// The format does not say how many classes there are, and the greatest label
// does not either: a small set may lack the last class, and one damaged byte
// would make 200 classes out of ten. So the caller says it, and a label that is
// not below classes is an error. It is also an error if a file is missing or
// bad (see ReadImages), if the numbers of images and labels differ, or if
// training and test images differ in size. An error is one line and begins with
// the file's path, which is name and the file's name.
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
	train, _, err := f.part("train", classes)
	if err != nil {
		return nil, err
	}
	test, testPath, err := f.part("t10k", classes)
	if err != nil {
		return nil, err
	}
	if test.H != train.H || test.W != train.W {
		return nil, fmt.Errorf("%s: images of %dx%d, expected %dx%d as in training", testPath, test.H, test.W, train.H, train.W)
	}
	mean, std := train.MeanStd()
	return &Set{Name: name, Classes: classes, Train: train, Test: test, Mean: mean, Std: std}, nil
}

// part reads the images and labels of "train" or "t10k", and returns the path
// of the images for errors about them.
func (f folder) part(prefix string, classes int) (images *Images, imagesPath string, err error) {
	imagesPath, err = f.read(prefix+"-images-idx3-ubyte", func(r io.Reader, path string) (err error) {
		images, err = ReadImages(r, path)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	labelsPath, err := f.read(prefix+"-labels-idx1-ubyte", func(r io.Reader, path string) (err error) {
		images.Labels, err = ReadLabels(r, path, classes)
		return err
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

// read opens the file, plain or with .gz, gives it to decode and returns its
// path.
func (f folder) read(file string, decode func(r io.Reader, path string) error) (path string, err error) {
	path = filepath.Join(f.path, file)
	r, err := f.fsys.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = f.fsys.Open(file + ".gz")
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s: no such file, expected it plain or with .gz", path)
		}
		path += ".gz"
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, reason(err))
	}
	defer r.Close()
	return path, decode(r, path)
}

// reason strips the operation and the path from an error of the file system:
// our errors name the path themselves.
func reason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/AlarioAI/bitnet/internal/parallel"
)

// openClasses reads the folders of the classes: train/CLASS and val/CLASS, or
// test/CLASS where there is no val.
func (f folder) openClasses(set *Set) error {
	testName := "val"
	if !f.isFolder(testName) {
		testName = "test"
	}
	if !f.isFolder(testName) {
		return fmt.Errorf("%s: no such folder, expected it or %s beside train", f.join("val"), testName)
	}
	classes, err := f.classes("train")
	if err != nil {
		return err
	}
	set.Classes, set.ClassNames = len(classes), classes
	train, err := f.listImages("train", classes)
	if err != nil {
		return err
	}
	testClasses, err := f.classes(testName)
	if err != nil {
		return err
	}
	for _, class := range testClasses {
		if _, ok := slices.BinarySearch(classes, class); !ok {
			return fmt.Errorf("%s: no class of training, expected one of the %d folders in %s", f.join(testName, class), len(classes), f.join("train"))
		}
	}
	test, err := f.listImages(testName, testClasses)
	if err != nil {
		return err
	}
	for i, image := range test { // the class of training of this name
		label, _ := slices.BinarySearch(classes, testClasses[image.label])
		test[i].label = int32(label)
	}
	set.Train, set.Test, err = f.readImages(train, test)
	return err
}

// join returns a path for errors, which are one line.
func (f folder) join(names ...string) string {
	p := filepath.Join(append([]string{f.path}, names...)...)
	if strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(p)
	}
	return p
}

// isFolder reports whether there is a folder of the name.
func (f folder) isFolder(name string) bool {
	info, err := fs.Stat(f.fsys, name)
	return err == nil && info.IsDir()
}

// classes returns the names of the folders in a folder, sorted. Files, and what
// begins with a dot, are of no account.
func (f folder) classes(part string) (names []string, err error) {
	entries, err := fs.ReadDir(f.fsys, part)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.join(part), reason(err))
	}
	for _, e := range entries {
		// A link may point to a folder.
		if !hidden(e) && (e.IsDir() || e.Type()&fs.ModeSymlink != 0 && f.isFolder(path.Join(part, e.Name()))) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no folders, expected one for each class", f.join(part))
	}
	slices.Sort(names)
	return names, nil
}

func hidden(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }

// A listedImage is a file that has not been read.
type listedImage struct {
	file  string
	label int32
}

// listImages lists the images in the folders of the classes, at any depth and in
// the order of their paths. Files of other names are of no account.
func (f folder) listImages(part string, classes []string) (images []listedImage, err error) {
	for label, class := range classes {
		before, root := len(images), path.Join(part, class)
		err := fs.WalkDir(f.fsys, root, func(file string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", f.join(file), reason(err))
			case e.IsDir() && file != root && hidden(e):
				return fs.SkipDir
			case e.IsDir() || hidden(e):
				return nil
			}
			switch strings.ToLower(path.Ext(file)) {
			case ".jpg", ".jpeg", ".png":
				images = append(images, listedImage{file, int32(label)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(images) == before {
			return nil, fmt.Errorf("%s: no images, expected files *.jpg, *.jpeg or *.png", f.join(root))
		}
	}
	return images, nil
}

// readImages reads images for training and for the test, on all processors.
// First come all headers, since they say how many channels the pixels have.
func (f folder) readImages(train, test []listedImage) (trainImages, testImages *Images, err error) {
	pool := parallel.New(0)
	defer pool.Close()
	all := slices.Concat(train, test)
	images, colours := make([]encodedImage, len(all)), atomic.Bool{}
	err = f.forBlocks(pool, all, func(first, end int) (int, error) {
		for i := first; i < end; i++ {
			file, err := f.readFile(all[i].file)
			if err != nil {
				return i, err
			}
			grey := false
			if images[i], grey, err = parseImage(file); err != nil {
				return i, err
			}
			if !grey {
				colours.Store(true)
			}
		}
		return 0, nil
	})
	if err != nil {
		return nil, nil, err
	}
	h, w, c := images[0].h, images[0].w, 1
	if slices.ContainsFunc(images, func(m encodedImage) bool { return m.h != h || m.w != w }) {
		h, w = 0, 0
	}
	if colours.Load() {
		c = 3
	}
	part := func(listed []listedImage, images []encodedImage) (*Images, error) {
		m := &Images{N: len(listed), H: h, W: w, C: c, Labels: make([]int32, len(listed)), encoded: &encoded{images: images}}
		for i, image := range listed {
			m.Labels[i] = image.label
		}
		return m, f.decodeAll(pool, listed, m)
	}
	n := len(train)
	if trainImages, err = part(train, images[:n:n]); err != nil {
		return nil, nil, err
	}
	if testImages, err = part(test, images[n:]); err != nil {
		return nil, nil, err
	}
	return trainImages, testImages, nil
}

// decodeAll decodes every image once: no loader can fail later. What the images
// are known by, sums and digest, comes with it.
func (f folder) decodeAll(pool *parallel.Pool, listed []listedImage, m *Images) error {
	blocks := (m.N + blockSize - 1) / blockSize
	blockSums, digests := make([][3]sums, blocks), make([][32]byte, blocks)
	err := f.forBlocks(pool, listed, func(first, end int) (int, error) {
		block, digest, buf := first/blockSize, sha256.New(), []uint8(nil)
		for i := first; i < end; i++ {
			image := &m.encoded.images[i]
			pixels := grown(&buf, image.h*image.w*m.C)
			if err := image.decode(pixels, m.C); err != nil {
				return i, err
			}
			addPixels(blockSums[block][:m.C], pixels)
			digest.Write(binary.LittleEndian.AppendUint64(nil, uint64(image.h)<<32|uint64(image.w)))
			digest.Write(pixels)
		}
		digest.Sum(digests[block][:0])
		return 0, nil
	})
	if err != nil {
		return err
	}
	digest := sha256.New()
	for i := range blocks {
		digest.Write(digests[i][:])
		for c, s := range blockSums[i] {
			total := &m.encoded.sums[c]
			total.n, total.sum, total.squares = total.n+s.n, total.sum+s.sum, total.squares+s.squares
		}
	}
	digest.Sum(m.encoded.digest[:0])
	return nil
}

// blockSize is the number of images that one goroutine reads or decodes at a
// time. The digest depends on it.
const blockSize = 32

// forBlocks calls visit for blocks of images, from first to before end, until
// one fails: then it returns the error of the first image that has one,
// with its path in front. visit returns the index of that.
func (f folder) forBlocks(pool *parallel.Pool, listed []listedImage, visit func(first, end int) (failed int, err error)) error {
	blocks := (len(listed) + blockSize - 1) / blockSize
	errs := make([]error, blocks)
	var least atomic.Int64 // block that has failed: those after it do not matter
	least.Store(int64(blocks))
	pool.For(blocks, func(b int) {
		if int64(b) > least.Load() {
			return
		}
		i, err := visit(b*blockSize, min((b+1)*blockSize, len(listed)))
		if err == nil {
			return
		}
		errs[b] = fmt.Errorf("%s: %w", f.join(listed[i].file), err)
		for {
			old := least.Load()
			if int64(b) >= old || least.CompareAndSwap(old, int64(b)) {
				return
			}
		}
	})
	if b := int(least.Load()); b < blocks {
		return errs[b]
	}
	return nil
}

// readFile reads a file of an image.
func (f folder) readFile(name string) ([]byte, error) {
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, reason(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a file, expected an image")
	case info.Size() > maxElements:
		return nil, fmt.Errorf("%d bytes, expected at most %d", info.Size(), maxElements)
	}
	var content bytes.Buffer
	content.Grow(int(info.Size()) + bytes.MinRead)
	if _, err := io.Copy(&content, io.LimitReader(file, maxElements)); err != nil {
		return nil, reason(err)
	}
	return content.Bytes(), nil
}

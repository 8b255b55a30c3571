package data

import (
	"bytes"
	"image"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func put(folder fstest.MapFS, name string, content []byte) {
	folder[name] = &fstest.MapFile{Data: content}
}

// pets returns a folder of two classes with images (4, 5, channels).
func pets(channels int) fstest.MapFS {
	folder := fstest.MapFS{}
	for i, name := range []string{"train/dog/1.png", "train/cat/2.png", "train/cat/10.PNG", "train/dog/0.jpeg", "val/dog/a.jpg", "val/cat/b.png"} {
		put(folder, name, asPNG(speckled(uint64(i), 4, 5, channels), 4, 5, channels))
	}
	return folder
}

// decoded returns images of one size as bytes.
func decoded(m *Images) *Images {
	raw := &Images{N: m.N, H: m.H, W: m.W, C: m.C, Labels: m.Labels}
	for i := range m.N {
		raw.Pixels = append(raw.Pixels, m.Image(i)...)
	}
	return raw
}

func mustOpen(t *testing.T, fsys fs.FS) *Set {
	t.Helper()
	set, err := Open(fsys, "pets", 10)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestOpenClasses(t *testing.T) {
	for _, channels := range []int{1, 3} {
		folder := pets(channels)
		// None of these counts.
		for _, name := range []string{"train/readme.png", "train/cat/notes.txt", "train/cat/.hidden.png", "train/.cache/x.png", "train/cat/.thumbs/x.png"} {
			put(folder, name, []byte("no image"))
		}
		put(folder, "test/mouse/x.png", []byte("no image")) // there is a val
		set := mustOpen(t, folder)
		want := &Set{
			Name: "pets", Classes: 2, ClassNames: []string{"cat", "dog"},
			Train: &Images{N: 4, H: 4, W: 5, C: channels, Labels: []int32{0, 0, 1, 1}},
			Test:  &Images{N: 2, H: 4, W: 5, C: channels, Labels: []int32{0, 1}},
		}
		for i, m := range map[*Images][]uint64{want.Train: {2, 1, 3, 0}, want.Test: {5, 4}} {
			for _, seed := range m {
				i.Pixels = append(i.Pixels, speckled(seed, 4, 5, channels)...)
			}
		}
		want.Mean, want.Std = want.Train.MeanStd()
		got := *set
		got.Train, got.Test = decoded(set.Train), decoded(set.Test)
		if diff := cmp.Diff(want, &got, raw()); diff != "" {
			t.Error(diff)
		}
		if h, w := set.Train.ImageSize(1); h != 4 || w != 5 || set.Train.Size() != 20*channels {
			t.Errorf("image of %dx%d, %d bytes", h, w, set.Train.Size())
		}
	}
}

// TestOpenClassesTest: test takes the place of val, lacks a class, and has an
// image deep inside another, of another size.
func TestOpenClassesTest(t *testing.T) {
	folder := pets(1)
	delete(folder, "val/dog/a.jpg")
	delete(folder, "val/cat/b.png")
	put(folder, "test/dog/images/old/x.png", asPNG(speckled(9, 8, 2, 3), 8, 2, 3))
	set := mustOpen(t, folder)
	if diff := cmp.Diff([]int32{1}, set.Test.Labels); diff != "" {
		t.Error(diff)
	}
	for _, m := range []*Images{set.Train, set.Test} {
		if m.H != 0 || m.W != 0 || m.C != 3 || m.Size() != 0 {
			t.Errorf("images of %dx%dx%d, want 0x0x3: they differ in size and one has colours", m.H, m.W, m.C)
		}
	}
	if h, w := set.Test.ImageSize(0); h != 8 || w != 2 {
		t.Errorf("image of %dx%d, want 8x2", h, w)
	}
	if !bytes.Equal(set.Test.Image(0), speckled(9, 8, 2, 3)) {
		t.Error("other pixels")
	}
	if got := set.Train.Image(0); got[0] != got[1] || got[0] != got[2] || len(got) != 60 {
		t.Errorf("grey became %v", got)
	}
	const want = "size 0 (as the images are), expected 1 to 16384 as they differ in size"
	if err := set.Train.CheckFit(0, 3); err == nil || err.Error() != want {
		t.Errorf("CheckFit: %v, want %s", err, want)
	}
	if err := set.Train.CheckFit(8, 3); err != nil {
		t.Error(err)
	}
}

func TestOpenClassesRefuses(t *testing.T) {
	whole, photo := asPNG(speckled(1, 9, 9, 3), 9, 9, 3), asJPEG(40, 40, 90)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-20]++ // inside the compressed pixels
	without := func(names ...string) fstest.MapFS {
		folder := pets(1)
		for _, name := range names {
			delete(folder, name)
		}
		return folder
	}
	with := func(name string, content []byte) fstest.MapFS {
		folder := pets(1)
		put(folder, name, content)
		return folder
	}
	for _, tt := range []struct {
		name   string
		folder fstest.MapFS
		want   string
	}{
		{"no val", without("val/dog/a.jpg", "val/cat/b.png"), "val: no such folder, expected it or test beside train"},
		{"no classes", fstest.MapFS{"train/a.png": {}, "val/a/a.png": {}}, "train: no folders, expected one for each class"},
		{"no classes in val", fstest.MapFS{"train/a/a.png": {Data: whole}, "val/a.png": {}}, "val: no folders, expected one for each class"},
		{"empty class", with("train/emu/notes.txt", nil), "train/emu: no images, expected files *.jpg, *.jpeg or *.png"},
		{"new class", with("val/emu/1.png", whole), "val/emu: no class of training, expected one of the 2 folders in train"},
		{"empty file", with("train/cat/3.png", nil), "train/cat/3.png: neither the signature of JPEG nor that of PNG, expected an image of one of them"},
		{"cut PNG", with("val/cat/3.png", whole[:len(whole)-30]), "val/cat/3.png: ..., expected a whole image of PNG"},
		{"cut JPEG", with("train/cat/3.jpg", photo[:len(photo)-100]), "train/cat/3.jpg: ..., expected a whole image of JPEG"},
		{"damaged PNG", with("train/cat/3.png", damaged), "train/cat/3.png: ..., expected a whole image of PNG"},
		{"bomb", with("train/cat/3.png", header(1<<14, 1<<14)), "train/cat/3.png: an image of 16384x16384, expected sides of 1 to 16384 and at most 67108864 pixels"},
		{"two lines", with("train/cat/3\n.png", nil), "\"pets/train/cat/3\\n.png\": neither the signature of JPEG nor that of PNG, expected an image of one of them"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Open(tt.folder, "pets", 10)
			if set != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", set, err)
			}
			want, got := tt.want, filepath.ToSlash(err.Error())
			if want[0] != '"' {
				want = "pets/" + strings.Replace(want, " in train", " in pets/train", 1)
			}
			before, after, _ := strings.Cut(want, "...") // what the decoder says is its business
			if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || after == "" && got != want || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestOpenClassesFirstError: the first image that is bad counts, whichever
// goroutine finds which.
func TestOpenClassesFirstError(t *testing.T) {
	folder, whole := pets(1), asPNG(speckled(1, 2, 2, 1), 2, 2, 1)
	for i := range 300 {
		name := path.Join("train/cat", strings.Repeat("x", i+1)+".png")
		if put(folder, name, whole); i == 100 || i == 250 {
			put(folder, name, whole[:len(whole)-17])
		}
	}
	for range 20 {
		_, err := Open(folder, "pets", 10)
		if want := "pets/train/cat/" + strings.Repeat("x", 101) + ".png: "; err == nil || !strings.HasPrefix(filepath.ToSlash(err.Error()), want) {
			t.Fatalf("error %v, want %s...", err, want)
		}
	}
}

func TestOpenFolderOfClasses(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, pets(3)); err != nil {
		t.Fatal(err)
	}
	want := mustOpen(t, os.DirFS(dir)).Checksum()
	if err := os.Rename(filepath.Join(dir, "train", "cat"), filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "train", "cat")); err != nil {
		t.Skip(err) // the system has no links, or we may not make them
	}
	set, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if set.Checksum() != want {
		t.Error("a class behind a link is another")
	}
	if runtime.GOOS == "windows" {
		return
	}
	endless := filepath.Join(dir, "elsewhere", "zero.png")
	if err := os.Symlink("/dev/zero", endless); err != nil {
		t.Skip(err)
	}
	if _, err := OpenFolder(dir); err == nil || !strings.HasSuffix(err.Error(), "cat/zero.png: not a file, expected an image") {
		t.Errorf("a device: error %v", err)
	}
}

func TestChecksumOfClasses(t *testing.T) {
	sum := func(change func(fstest.MapFS)) string {
		folder := pets(3)
		change(folder)
		return mustOpen(t, folder).Checksum()
	}
	plain := sum(func(fstest.MapFS) {})
	again := func(compression png.CompressionLevel) func(fstest.MapFS) {
		return func(f fstest.MapFS) {
			var file bytes.Buffer
			e := png.Encoder{CompressionLevel: compression}
			if err := e.Encode(&file, asImage(speckled(0, 4, 5, 3), 4, 5, 3)); err != nil {
				t.Fatal(err)
			}
			put(f, "train/dog/1.png", file.Bytes())
		}
	}
	if sum(again(png.NoCompression)) != plain {
		t.Error("it is not the pixels that count")
	}
	turned := func(f fstest.MapFS) { // the same bytes in another shape
		put(f, "val/cat/b.png", asPNG(speckled(5, 4, 5, 3), 5, 4, 3))
	}
	for what, change := range map[string]func(fstest.MapFS){
		"training pixel": func(f fstest.MapFS) { put(f, "train/dog/1.png", asPNG(speckled(7, 4, 5, 3), 4, 5, 3)) },
		"test pixel":     func(f fstest.MapFS) { put(f, "val/cat/b.png", asPNG(speckled(7, 4, 5, 3), 4, 5, 3)) },
		"shape":          turned,
		"label": func(f fstest.MapFS) {
			f["train/dog/00.png"] = f["train/cat/2.png"]
			delete(f, "train/cat/2.png")
		},
		"order": func(f fstest.MapFS) {
			f["train/cat/10.PNG"], f["train/cat/2.png"] = f["train/cat/2.png"], f["train/cat/10.PNG"]
		},
	} {
		if sum(change) == plain {
			t.Errorf("%s does not count", what)
		}
	}
}

// TestLoaderDecodes: encoded images make the batches that their pixels do, in
// every combination of steps.
func TestLoaderDecodes(t *testing.T) {
	for _, channels := range []int{1, 3} {
		set := mustOpen(t, pets(channels))
		raw := decoded(set.Train)
		for _, config := range []LoaderConfig{
			{}, {Crop: 1}, {Flip: true}, {Size: 9}, {Size: 3, Crop: 2, Flip: true}, {Channels: 3}, {Channels: 3, Size: 40, Crop: 1},
		} {
			config.Batch, config.Shuffle, config.Seed = 3, true, 5
			config.Mean, config.Std = set.Mean, set.Std
			want := collect(NewLoader(raw, raw.All(), config), 1, 0)
			for workers := range 4 {
				config.Workers = workers
				if diff := cmp.Diff(want, collect(NewLoader(set.Train, raw.All(), config), 1, 0)); diff != "" {
					t.Fatalf("%d channels, %+v: %s", channels, config, diff)
				}
			}
		}
	}
}

// TestLoaderMixedSizes: each image is what it would be alone.
func TestLoaderMixedSizes(t *testing.T) {
	folder := fstest.MapFS{"val/a/x.jpg": {Data: asJPEG(17, 30, 80)}}
	for i, size := range [][2]int{{1, 1}, {9, 4}, {30, 30}, {8, 8}, {200, 3}, {5, 120}} {
		put(folder, "train/a/"+string(rune('a'+i))+".jpg", asJPEG(size[0], size[1], 80))
	}
	set := mustOpen(t, folder)
	for _, config := range []LoaderConfig{{}, {Crop: 2, Flip: true}} {
		config.Batch, config.Size, config.Mean, config.Std = 4, 8, set.Mean, set.Std
		got := collect(NewLoader(set.Train, set.Train.All(), config), 2, 0)
		for i := range set.Train.N {
			h, w := set.Train.ImageSize(i)
			// The image alone, in its old place: chance goes by the index.
			pixels := make([]uint8, i*h*w*3, (i+1)*h*w*3)
			alone := &Images{N: i + 1, H: h, W: w, C: 3, Pixels: append(pixels, set.Train.Image(i)...), Labels: make([]int32, i+1)}
			want := collect(NewLoader(alone, []int{i}, config), 2, 0)[0].Data
			if diff := cmp.Diff(want, got[i/4].Data[i%4*len(want):][:len(want)]); diff != "" {
				t.Errorf("image %d of %dx%d: %s", i, h, w, diff)
			}
		}
	}
}

func TestLoaderMixedSizesPanics(t *testing.T) {
	folder := pets(1)
	put(folder, "val/cat/c.png", asPNG(speckled(1, 2, 2, 1), 2, 2, 1))
	set := mustOpen(t, folder)
	defer func() {
		if text, _ := recover().(string); !strings.HasPrefix(text, "data.NewLoader: size 0 (as the images are)") {
			t.Errorf("panic %q", text)
		}
	}()
	NewLoader(set.Train, nil, LoaderConfig{Batch: 1})
}

// FuzzOpenClasses puts a hostile file among images: there is an error of one
// line, or a set of which every image can be loaded.
func FuzzOpenClasses(f *testing.F) {
	grey, colour := speckled(1, 6, 5, 1), speckled(2, 6, 5, 3)
	f.Add(asPNG(grey, 6, 5, 1))
	f.Add(asPNG(colour, 6, 5, 3))
	f.Add(asJPEG(24, 17, 50))
	f.Add(encodeJPEG(asImage(grey, 6, 5, 1), 50))
	f.Add(header(1<<15, 2))
	f.Add([]byte("\xff\xd8\xff"))
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewPaletted(image.Rect(0, 0, 3, 3), asPalette(grey))); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		if m, _, err := parseImage(content); err == nil && m.h*m.w > 1<<18 {
			t.Skip("an image that takes long")
		}
		folder := pets(1)
		put(folder, "train/cat/hostile.png", content)
		set, err := Open(folder, "pets", 10)
		if err != nil {
			if set != nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(filepath.ToSlash(err.Error()), "pets/train/cat/hostile.png: ") {
				t.Fatalf("got %v and the error %q", set, err)
			}
			return
		}
		l := NewLoader(set.Train, set.Train.All(), LoaderConfig{Batch: 5, Size: 7, Channels: 3, Mean: set.Mean, Std: set.Std})
		for _, b := range l.Epoch(0, 0) {
			for i, v := range b.X.Data {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("value %d is %v", i, v)
				}
			}
		}
	})
}

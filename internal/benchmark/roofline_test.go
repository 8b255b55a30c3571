package benchmark

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/roofline.svg anew")

// madeUp are numbers of no machine: several points in one place, one on a roof
// and one above it.
func madeUp() (Peaks, []Measurement) {
	p := Peaks{F32: 200, Int8: 800, BF16: 400, Bandwidth: Bandwidth{Read: 40, Write: 30, Copy: 50}}
	return p, []Measurement{
		{Kernel: "product/float", Gops: 180, Intensity: 170, Bound: F32, Share: 0.9},
		{Kernel: "product/other", Gops: 180, Intensity: 170, Bound: F32, Share: 0.9},
		{Kernel: "product/third", Gops: 179, Intensity: 171, Bound: F32, Share: 0.895},
		{Kernel: "product/codes", Gops: 800, Intensity: 340, Bound: Int8, Share: 1},
		{Kernel: "product/halves", Gops: 300, Intensity: 2000, Bound: BF16, Share: 0.75},
		{Kernel: `pass <with> "signs" & more`, Gops: 2.5, Intensity: 0.08, Bound: Memory, Share: 0.8},
		{Kernel: "pass/fast", Gops: 60, Intensity: 1, Bound: Memory, Share: 1.2},
	}
}

func TestRooflineGolden(t *testing.T) {
	p, all := madeUp()
	var got bytes.Buffer
	if err := Roofline(&got, p, all); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "roofline.svg")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the picture is not that of %s; if that is right, write it anew with go test -update and look at it", file)
	}
	wellFormed(t, got.Bytes())
}

// One kernel without a bfloat16 roof is a picture too.
func TestRooflineOfOne(t *testing.T) {
	p, all := madeUp()
	p.BF16 = 0
	for n := range len(all) {
		var got bytes.Buffer
		if err := Roofline(&got, p, all[n:n+1]); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, got.Bytes())
		if bytes.Contains(got.Bytes(), []byte("NaN")) || bytes.Contains(got.Bytes(), []byte("Inf")) {
			t.Errorf("%s: a coordinate is no number", all[n].Kernel)
		}
		if bytes.Contains(got.Bytes(), []byte(">bfloat16<")) {
			t.Errorf("%s: a roof of bfloat16 without an instruction for it", all[n].Kernel)
		}
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

func TestRooflineWriteError(t *testing.T) {
	p, all := madeUp()
	want := errors.New("full")
	if err := Roofline(failing{want}, p, all); !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

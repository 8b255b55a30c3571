package floats

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestFromHalf compares every half-precision number with its definition.
func TestFromHalf(t *testing.T) {
	for h := range 1 << 16 {
		got := float64(fromHalf(uint16(h)))
		sign, exponent, fraction := 1-2*float64(h>>15), h>>10&0x1f, float64(h&0x3ff)
		var want float64
		switch {
		case exponent == 0x1f && fraction != 0:
			if !math.IsNaN(got) {
				t.Errorf("%#04x: %v, want NaN", h, got)
			}
			continue
		case exponent == 0x1f:
			want = math.Inf(int(sign))
		case exponent == 0:
			want = math.Copysign(math.Ldexp(fraction, -24), sign)
		default:
			want = sign * math.Ldexp(1+fraction/1024, exponent-15)
		}
		if math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%#04x: %v, want %v", h, got, want)
		}
	}
}

func TestBrainFloatIsUpperHalf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float32().Draw(t, "v")
		got := make([]float32, 1)
		b := math.Float32bits(v) >> 16
		decode(got, []byte{byte(b), byte(b >> 8)}, BF16)
		if math.Float32bits(got[0]) != b<<16 {
			t.Errorf("%v, want the upper half of %v", got[0], v)
		}
	})
}

// bitsOf makes floats comparable: NaN is equal to itself, -0 is not 0.
func bitsOf(values []float32) []uint32 {
	b := make([]uint32, len(values))
	for i, v := range values {
		b[i] = math.Float32bits(v)
	}
	return b
}

// TestPortable compares the way of big-endian machines with that of this one,
// at lengths around whole blocks.
func TestPortable(t *testing.T) {
	for _, n := range []int{0, 1, BlockSize/4 - 1, BlockSize / 4, BlockSize/4 + 1, BlockSize} {
		values := make([]float32, n)
		for i := range values {
			values[i] = math.Float32frombits(uint32(i) * 0x9E3779B9)
		}
		var data, portable bytes.Buffer
		if err := Write(&data, values); err != nil {
			t.Fatal(err)
		}
		if err := writeBlocks(&portable, values); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data.Bytes(), portable.Bytes()) {
			t.Errorf("%d elements: writeBlocks differs from Write", n)
		}
		for name, read := range map[string]func([]float32, io.ReaderAt, int64, Type) error{"Read": Read, "readBlocks": readBlocks} {
			got := make([]float32, n)
			if err := read(got, bytes.NewReader(data.Bytes()), 0, F32); err != nil {
				t.Fatal(err)
			}
			if !cmp.Equal(bitsOf(values), bitsOf(got)) {
				t.Errorf("%d elements: %s differs", n, name)
			}
		}
	}
}

func TestCount(t *testing.T) {
	for _, tt := range []struct {
		shape []int
		want  int
		err   string
	}{
		{nil, 1, ""},
		{[]int{2, 3}, 6, ""},
		{[]int{math.MaxInt}, math.MaxInt, ""},
		{[]int{0, math.MaxInt, math.MaxInt}, 0, ""},
		{[]int{math.MaxInt, 2, 0}, 0, "more elements than can be counted"},
		{[]int{-1, -1}, 0, "shape [-1 -1] has a negative axis"},
		{slices.Repeat([]int{1}, 64), 1, ""},
		{slices.Repeat([]int{1}, 65), 0, "shape has 65 axes, expected at most 64"},
	} {
		got, err := Count(tt.shape)
		if got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("Count(%v) = %d, %v, want %d, %s", tt.shape, got, err, tt.want, tt.err)
		}
	}
}

func TestCheckFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		values := []float32{0, math.MaxFloat32, float32(bad), float32(bad)}
		if err := CheckFinite(values[:2], 5); err != nil {
			t.Error(err)
		}
		if err := CheckFinite(values, 5); err == nil || !strings.HasPrefix(err.Error(), "element 7 is ") {
			t.Errorf("%v: error %v, want one of element 7", bad, err)
		}
	}
}

// A broken reader fails as a bad disk does.
type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "w", Err: io.ErrClosedPipe}
}

func TestReadFails(t *testing.T) {
	data := bytes.NewReader(make([]byte, 10))
	for want, err := range map[string]error{
		"truncated at byte 10, expected 12": Read(make([]float32, 2), data, 4, F32),
		"truncated at byte 10, expected 14": Read(make([]float32, 5), data, 4, F16),
		"truncated at byte 20, expected 21": Fill(make([]byte, 1), data, 20),
		io.ErrClosedPipe.Error():            Read(make([]float32, 1), broken{}, 0, F64),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A limited writer fails when it is full, as a disk does.
type limited struct{ left int }

var errFull = errors.New("no space left")

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return l.left, errFull
	}
	l.left -= len(p)
	return len(p), nil
}

func TestWriteFails(t *testing.T) {
	for name, write := range map[string]func(io.Writer, []float32) error{"Write": Write, "writeBlocks": writeBlocks} {
		if err := write(&limited{15}, make([]float32, 4)); !errors.Is(err, errFull) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

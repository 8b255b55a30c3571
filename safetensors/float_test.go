package safetensors

import (
	"bytes"
	"math"
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

// TestPortable compares the way of big-endian machines with that of this one,
// at lengths around whole blocks.
func TestPortable(t *testing.T) {
	for _, n := range []int{0, 1, blockSize/4 - 1, blockSize / 4, blockSize/4 + 1, blockSize} {
		values := make([]float32, n)
		for i := range values {
			values[i] = math.Float32frombits(uint32(i) * 0x9E3779B9)
		}
		var file, portable bytes.Buffer
		if err := Write(&file, []Tensor{{Name: "x", Shape: []int{n}, Data: values}}, nil); err != nil {
			t.Fatal(err)
		}
		if err := writeBlocks(&portable, values); err != nil {
			t.Fatal(err)
		}
		data := file.Bytes()[file.Len()-4*n:]
		if !bytes.Equal(data, portable.Bytes()) {
			t.Errorf("%d elements: writeBlocks differs from Write", n)
		}
		read := make([]float32, n)
		if err := (&File{data: bytes.NewReader(data)}).readBlocks(read, F32, 0); err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(bitsOf(values), bitsOf(read)) {
			t.Errorf("%d elements: readBlocks differs", n)
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

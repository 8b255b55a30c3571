package kernel

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

func TestRoundingToBF16(t *testing.T) {
	quiet := math.Float32frombits(0x7fc00000)
	for _, tt := range []struct{ x, want float32 }{
		{1, 1},
		{-127, -127},
		{1 + 1.0/256, 1},           // halfway between two, of which this is the even one
		{1 + 3.0/256, 1 + 4.0/256}, // the same
		{1 + 1.0/256 + 1.0/65536, 1 + 2.0/256},
		{math.MaxFloat32, float32(math.Inf(1))},
		{float32(math.Inf(-1)), float32(math.Inf(-1))},
		{math.Float32frombits(1 << 16), math.Float32frombits(1 << 16)}, // subnormal
		{quiet, quiet},
		{math.Float32frombits(0x7fffffff), math.Float32frombits(0x7fff0000)},
		{math.Float32frombits(0x7f800001), quiet},
	} {
		if got := floatOf(bf16Of(tt.x)); math.Float32bits(got) != math.Float32bits(tt.want) {
			t.Errorf("%g (%#x) becomes %g (%#x), want %g", tt.x, math.Float32bits(tt.x), got, math.Float32bits(got), tt.want)
		}
	}
}

// All levels agree with the portable form to the bit, for every length, and for
// numbers of every kind.
func TestConversionsToBF16(t *testing.T) {
	const most = 150
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		any := func(int) float32 {
			if rng.IntN(3) == 0 {
				return math.Float32frombits(rng.Uint32())
			}
			return float32(rng.NormFloat64())
		}
		sign := func(int) int8 { return int8(rng.IntN(3) - 1) }
		xs, ys, fs := newEdge[float32](t, most), newEdge[float32](t, most), newEdge[float32](t, most)
		dsts, bytes := newEdge[uint16](t, 2*most), newEdge[uint8](t, most)
		ps := newEdge[int8](t, most)
		blank := func(int) uint16 { return 0xaaaa }
		want := make([]uint16, 2*most)
		check := func(what string, got, want []uint16) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Fatalf("%s of %d: %x, want %x", what, len(got), got, want)
			}
		}
		for n := range most {
			x, y := xs.last(n, any), ys.last(n, any)
			a, b := float32(rng.NormFloat64()), float32(rng.NormFloat64())
			f := fs.last(n, any)
			RoundBF16(f, x, a)
			for i, v := range f {
				if want := uint32(bf16Of(x[i]*a)) << 16; math.Float32bits(v) != want {
					t.Fatalf("RoundBF16 of %d: element %d is %#x, want %#x", n, i, math.Float32bits(v), want)
				}
			}

			dst := dsts.last(2*n, blank)
			PairBF16(dst, x, y, a, b)
			pairBF16Generic(want[:2*n], x, y, a, b)
			check("PairBF16", dst, want[:2*n])

			codes := bytes.last(n, func(int) uint8 { return uint8(rng.Uint32()) })
			dst = dsts.last(n, blank)
			CodesBF16(dst, codes)
			codesBF16Generic(want[:n], codes)
			check("CodesBF16", dst, want[:n])

			p := ps.last(n, sign)
			f = fs.last(n, any)
			CodesF32(f, p)
			for i, v := range f {
				if v != float32(p[i]) {
					t.Fatalf("CodesF32 of %d: element %d is %g, want %d", n, i, v, p[i])
				}
			}
		}
	})
}

// The assembler of Go does not know VDPBF16PS, so its bytes stand in the
// assembly. They are read back here field by field, and compared with the
// operands that the generator wrote beside them.
func TestDotProductBytes(t *testing.T) {
	line := regexp.MustCompile(`BYTE \$0x(..); BYTE \$0x(..); BYTE \$0x(..); BYTE \$0x(..); BYTE \$0x(..); BYTE \$0x(..) // VDPBF16PS +([YZ])(\d+), ([YZ])(\d+), ([YZ])(\d+)\n`)
	for _, file := range []string{"outer_amd64.s", "peak_amd64.s"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := line.FindAllSubmatch(text, -1)
		if mentioned := len(regexp.MustCompile(`VDPBF16PS`).FindAll(text, -1)); len(found) < 12 || len(found) != mentioned {
			t.Errorf("%s: %d of %d instructions have the expected form", file, len(found), mentioned)
		}
		for _, m := range found {
			var code [8]byte
			var z [3]uint64
			for i := range 6 {
				v, err := strconv.ParseUint(string(m[1+i]), 16, 8)
				if err != nil {
					t.Fatal(err)
				}
				code[i] = byte(v)
			}
			for i := range z {
				z[i], err = strconv.ParseUint(string(m[8+2*i]), 10, 5)
				if err != nil {
					t.Fatal(err)
				}
			}
			v := binary.LittleEndian.Uint64(code[:])
			bits := func(first, n int) uint64 { return v >> first & (1<<n - 1) }
			inverted := func(first int) uint64 { return 1 &^ bits(first, 1) }
			switch {
			case bits(0, 8) != 0x62:
				t.Errorf("%s: no EVEX prefix", m[0])
			case bits(8, 4) != 0b0010:
				t.Errorf("%s: not in the map 0F38", m[0])
			case bits(16, 3) != 0b110:
				t.Errorf("%s: pp is not F3, or W is not 0", m[0])
			case bits(24, 3) != 0 || bits(28, 1) != 0 || bits(31, 1) != 0:
				t.Errorf("%s: a mask, broadcast or zeroing", m[0])
			case bits(29, 2) != uint64(m[7][0]-'Y'+1) || m[9][0] != m[7][0] || m[11][0] != m[7][0]:
				t.Errorf("%s: not 256 bits (Y) or 512 (Z)", m[0])
			case bits(32, 8) != 0x52:
				t.Errorf("%s: not the opcode", m[0])
			case bits(46, 2) != 3:
				t.Errorf("%s: an operand in memory", m[0])
			}
			w := bits(40, 3) | inverted(13)<<3 | inverted(14)<<4
			x := ^bits(19, 4)&15 | inverted(27)<<4
			sum := bits(43, 3) | inverted(15)<<3 | inverted(12)<<4
			if w != z[0] || x != z[1] || sum != z[2] {
				t.Errorf("%s: the bytes say registers %d, %d, %d", m[0], w, x, sum)
			}
		}
	}
}

package kernel

import (
	"fmt"
	"strings"
	"testing"
)

// Operands that are too short panic before anything is written, on every level.
func TestShapeMistakes(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	z := func(n int) []int32 { return make([]int32, n) }
	eachLevel(t, func(t *testing.T) {
		g, u, d, o, q := TileF32(), TileU8S8(), TileTernary(), TileOuter(), TileOuterBF16()
		rows, segs := make([]int, 16), []Segment{{A: 0, B: 0}, {A: 0, B: 3}}
		for _, m := range []struct {
			what string
			call func()
		}{
			{"GemmF32: width", func() { GemmF32(f(999), nil, g.NR-1, f(99), rows, segs, 3, f(999)) }},
			{"GemmF32: c", func() { GemmF32(f(g.MR*g.NR-1), nil, g.NR, f(99), rows, segs, 3, f(6*g.NR)) }},
			{"GemmF32: rows", func() { GemmF32(f(g.MR*g.NR), nil, g.NR, f(99), rows[:g.MR-1], segs, 3, f(6*g.NR)) }},
			{"GemmF32: outs", func() { GemmF32(f(999), rows[1:g.MR], g.NR, f(99), rows[:g.MR], segs, 3, f(6*g.NR)) }},
			{"GemmF32: behind c", func() { GemmF32(f(g.NR-1), rows[:g.MR], g.NR, f(99), rows[:g.MR], segs, 3, f(6*g.NR)) }},
			{"GemmF32: b", func() { GemmF32(f(g.MR*g.NR), nil, g.NR, f(99), rows, segs, 3, f(6*g.NR-1)) }},
			{"GemmF32: seglen", func() { GemmF32(f(g.MR*g.NR), nil, g.NR, f(99), rows, segs, -1, f(6*g.NR)) }},
			{"GemmU8S8: width", func() { GemmU8S8(make([]int32, 999), 1, make([]uint8, 99), rows, segs, 3, make([]int8, 9999)) }},
			{"GemmU8S8: b", func() {
				GemmU8S8(make([]int32, u.MR*u.NR), u.NR, make([]uint8, 99), rows, segs, 3, make([]int8, 24*u.NR-1))
			}},
			{"GemmU8S8: seglen", func() {
				GemmU8S8(make([]int32, u.MR*u.NR), u.NR, make([]uint8, 99), rows, segs[:1], -1, make([]int8, 24*u.NR))
			}},
			{"GemmTernary: width", func() { GemmTernary(f(999), nil, d.Step+1, f(99), rows, segs, 3, make([]uint8, 9999)) }},
			{"GemmTernary: too wide", func() { GemmTernary(f(999), nil, d.NR+d.Step, f(99), rows, segs, 3, make([]uint8, 9999)) }},
			{"GemmTernary: b", func() { GemmTernary(f(999), nil, 16, f(99), rows, segs, 3, make([]uint8, 4*4*16-1)) }},
			{"GemmTernary: behind b", func() { GemmTernary(f(999), nil, 16, f(99), rows, segs, 3, make([]uint8, 4*4*16, 4*4*16+2)) }},
			{"GemmTernary: triples", func() { GemmTernary(f(999), nil, 16, f(99), rows, segs, -1, make([]uint8, 9999)) }},
			{"PackTernary: dst", func() { PackTernary(make([]uint8, 5), make([]int8, 99), 1) }},
			{"PackTernary: codes", func() { PackTernary(make([]uint8, 8), make([]int8, 11*3+1), 3) }},
			{"OuterBF16: pairs", func() {
				OuterBF16(f(999), 32, q.Lanes, make([]uint16, 999), 12, make([]uint16, 99), rows[:len(rows)-1], inOrder(q.Lanes, 2))
			}},
			{"OuterBF16: g", func() {
				OuterBF16(f(999), 32, q.Lanes, make([]uint16, 4*q.MR-1), q.MR, make([]uint16, 99), rows[:4], inOrder(q.Lanes, 2))
			}},
			{"FoldRow: channels", func() { FoldRow(f(18), f(54), 9, 3, 27, 0) }},
			{"FoldRow: taps", func() { FoldRow(f(4), f(4), 2, 1, 2, 0) }},
			{"FoldRow: dst", func() { FoldRow(f(7), f(18), 2, 3, 6, 0) }},
			{"FoldRow: src", func() { FoldRow(f(8), f(17), 2, 3, 6, 0) }},
			{"FoldRow: window", func() { FoldRow(f(8), f(15), 2, 3, 5, 0) }},
			{"ColumnPeaks", func() { ColumnPeaks(f(3), f(7), 1) }},
			{"DigitsU8: dst", func() { DigitsU8(make([]uint8, 4*(2*5+3)-1), 5, f(99), new([4]int), new([4]float32), f(3)) }},
			{"DigitsU8: behind x", func() { DigitsU8(make([]uint8, 99), 5, f(9), &[4]int{0, 1, 2, 7}, new([4]float32), f(3)) }},
			{"PackQuads: pixels", func() { PackQuads(make([]uint8, 3*16), z(32), make([]uint8, 99), rows[:3], inOrder(16, 1)) }},
			{"PackQuads: dst", func() { PackQuads(make([]uint8, 4*2*16-1), z(32), make([]uint8, 99), rows[:4], inOrder(16, 2)) }},
			{"PackQuads: zeros", func() { PackQuads(make([]uint8, 4*2*16), z(31), make([]uint8, 99), rows[:4], inOrder(16, 2)) }},
			{"OuterDigits: c", func() { OuterDigits(f(7*32+31), 32, make([]uint8, 99), 8, nil, z(32), inOrder(16, 2), f(8)) }},
			{"OuterDigits: scale", func() { OuterDigits(f(8*32), 32, make([]uint8, 99), 8, nil, z(32), inOrder(16, 2), f(7)) }},
			{"OuterDigits: g", func() {
				OuterDigits(f(8*32), 32, make([]uint8, 4*3*8-1), 8, make([]uint8, 2*64), z(32), inOrder(16, 2), f(8))
			}},
			{"OuterDigits: x", func() {
				OuterDigits(f(8*32), 32, make([]uint8, 999), 8, make([]uint8, 64), z(32), inOrder(16, 2), f(8))
			}},
			{"OuterDigits: pixels", func() {
				OuterDigits(f(8*32), 32, make([]uint8, 99999), 8, make([]uint8, 129*64), z(32), inOrder(16, 1), f(8))
			}},
			{"OuterDigits: zeros", func() { OuterDigits(f(8*32), 32, make([]uint8, 99), 8, nil, z(31), inOrder(16, 2), f(8)) }},
			{"PairBF16", func() { PairBF16(make([]uint16, 3), f(2), f(2), 1, 1) }},
			{"OuterF32: c", func() {
				OuterF32(f(2*o.MR*o.Lanes-1), 2*o.Lanes, o.MR, o.Lanes, f(99), f(99), false, nil, inOrder(o.Lanes, 2))
			}},
			{"OuterF32: columns", func() {
				OuterF32(f(4*o.MR*o.Lanes), 4*o.Lanes, o.MR, o.Lanes, f(99), f(99), false, nil, inOrder(o.Lanes, 4))
			}},
			{"OuterF32: rows", func() { OuterF32(f(999), 2*o.Lanes, o.MR-1, o.Lanes, f(99), f(99), false, nil, inOrder(o.Lanes, 2)) }},
			{"OuterF32: row", func() { OuterF32(f(999), 2*o.Lanes-1, o.MR, o.Lanes, f(99), f(99), false, nil, inOrder(o.Lanes, 2)) }},
			{"OuterF32: lanes", func() {
				OuterF32(f(999), 2*o.Lanes, o.MR, o.Narrow-1, f(99), f(99), false, nil, inOrder(o.Narrow-1, 2))
			}},
			{"StoreF32: before dst", func() { StoreF32(f(99), []int{0, -1}, f(99), 8, 8, nil) }},
			{"StoreF32: behind dst", func() { StoreF32(f(20), []int{0, 13}, f(99), 8, 8, nil) }},
			{"StoreF32: c", func() { StoreF32(f(99), []int{0, 9}, f(15), 8, 8, nil) }},
			{"StoreF32: n", func() { StoreF32(f(99), []int{0, 9}, f(99), 8, 9, nil) }},
			{"StoreF32: bias", func() { StoreF32(f(99), []int{0, 9}, f(99), 8, 8, f(7)) }},
			{"StoreI32: behind dst", func() { StoreI32(f(20), []int{13}, make([]int32, 9), 8, 8, make([]int32, 8), f(1), nil) }},
			{"StoreI32: offset", func() { StoreI32(f(20), []int{0}, make([]int32, 9), 8, 8, make([]int32, 7), f(1), nil) }},
			{"StoreI32: scale", func() { StoreI32(f(20), []int{0}, make([]int32, 9), 8, 8, make([]int32, 8), nil, nil) }},
			{"FinishRows: behind dst", func() { FinishRows(f(20), []int{13}, 8, f(8), f(8), nil, 0, 6) }},
			{"FinishRows: other", func() { FinishRows(f(20), []int{12}, 8, f(8), f(8), f(19), 0, 6) }},
			{"FinishRows: scale", func() { FinishRows(f(20), []int{12}, 8, f(7), f(8), nil, 0, 6) }},
			{"QuantiseU8", func() { QuantiseU8(make([]uint8, 3), f(4), 0, 1) }},
		} {
			op, _, _ := strings.Cut(m.what, ":")
			func() {
				defer func() {
					if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "kernel."+op+": ") {
						t.Errorf("%s: panic %q", m.what, got)
					}
				}()
				m.call()
			}()
		}
	})
}

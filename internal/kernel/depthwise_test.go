package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// A lineTest is a row of sums and terms at equal distances, the first of them
// at the given places, and the memory that it lies in.
type lineTest struct {
	sums, sumStep, term0, terms, termStep, width int

	rows, channels, column, yStep int // rows of terms

	table []Row
}

func (l lineTest) String() string {
	return fmt.Sprintf("%d sums every %d, %d terms every %d from %d on, width %d, %d of %d channels, rows %v",
		l.sums, l.sumStep, l.terms, l.termStep, l.term0, l.width, l.channels, l.column, l.table)
}

func (l lineTest) line() *Line {
	list := func(first, n, step int) []int {
		all := make([]int, n)
		for i := range all {
			all[i] = first + i*step
		}
		return all
	}
	return NewLine(list(0, l.sums, l.sumStep), list(l.term0, l.terms, l.termStep), l.width)
}

// steps has rows of a that lie one behind the other, and rows of x that overlap.
func (l lineTest) steps() Steps {
	return Steps{A: l.terms * l.column, X: l.width / 2 * l.column, Column: l.column}
}

// sizes returns the lengths of the arrays: each ends with the last value that
// belongs to it.
func (l lineTest) sizes() (y, a, x int) {
	s := l.steps()
	for _, r := range l.table {
		y = max(y, r.Y+(l.sums-1)*l.yStep+l.channels)
		a = max(a, r.A+(r.Terms-1)*s.A+(l.terms-1)*l.column+l.channels)
		x = max(x, r.X+(r.Terms-1)*s.X+(l.width-1)*l.column+l.channels)
	}
	return y, a, x
}

// random gives the line a table: rows of sums one behind the other, or the same
// again, whose terms lie anywhere.
func (l *lineTest) random(rng *rand.Rand) {
	y := 0
	for range rng.IntN(4) {
		l.table = append(l.table, Row{
			Y: y, Init: y, A: rng.IntN(2) * l.column, X: rng.IntN(4) * l.column, Terms: rng.IntN(l.rows + 1),
		})
		if rng.IntN(4) > 0 {
			y += l.sums * l.yStep
		}
	}
}

// each calls f for every term of a sum: its places in a and x.
func (l lineTest) each(row Row, i, c int, f func(a, x int)) {
	s := l.steps()
	for r := range row.Terms {
		for k := range l.terms {
			if column := i*l.sumStep + l.term0 + k*l.termStep; column >= 0 && column < l.width {
				f(row.A+r*s.A+k*l.column+c, row.X+r*s.X+column*l.column+c)
			}
		}
	}
}

const depthwiseEdge = 1 << 16 // values, more than any lineTest has

// lineTests are forward lines of all usual filters with padding, lines of weight
// gradients, and others at random.
func lineTests(rng *rand.Rand) []lineTest {
	var all []lineTest
	add := func(l lineTest) {
		l.rows, l.channels = rng.IntN(4), 1+rng.IntN(70)
		if rng.IntN(3) == 0 {
			l.channels = 32 * (1 + rng.IntN(3))
		}
		l.column, l.yStep = l.channels+rng.IntN(3), l.channels+rng.IntN(3)
		l.random(rng)
		all = append(all, l)
	}
	for _, k := range []int{1, 2, 3, 4, 5, 6, 7, 9, 11} {
		for _, width := range []int{1, 2, 5, 7, 8, 14, 15, 30} {
			for stride := 1; stride <= 2; stride++ {
				sums := (width+2*(k/2)-k)/stride + 1
				add(lineTest{sums: sums, sumStep: stride, term0: -(k / 2), terms: k, termStep: 1, width: width})
				add(lineTest{sums: k, sumStep: 1, term0: -(k / 2), terms: sums, termStep: stride, width: width})
			}
		}
	}
	for range 300 {
		add(lineTest{
			sums: rng.IntN(20), sumStep: 1 + rng.IntN(3), term0: rng.IntN(20) - 15,
			terms: rng.IntN(17), termStep: 1 + rng.IntN(3), width: 1 + rng.IntN(30),
		})
	}
	return all
}

func TestDepthwiseF32(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		ys, inits := newEdge[float32](t, depthwiseEdge), newEdge[float32](t, depthwiseEdge)
		as, xs := newEdge[float32](t, depthwiseEdge), newEdge[float32](t, depthwiseEdge)
		for _, l := range lineTests(rng) {
			ySize, aSize, xSize := l.sizes()
			init, a, x := inits.last(ySize, normal), as.last(aSize, normal), xs.last(xSize, normal)
			initStep := l.yStep
			switch rng.IntN(3) {
			case 0: // the same for all sums
				initStep = 0
				l.table = append([]Row(nil), l.table...)
				for i := range l.table {
					l.table[i].Init = 0
				}
				init = inits.last(l.channels, normal)
			case 1: // in place
				init = ys.last(ySize, normal)
			}
			y := ys[len(ys)-ySize:]
			inPlace := ySize > 0 && len(init) > 0 && &init[0] == &y[0]
			if !inPlace {
				ys.last(ySize, func(int) float32 { return marginValue })
			}
			want, terms, written := make([]float64, ySize), make([]float64, ySize), make([]bool, ySize)
			for _, r := range l.table {
				for i := range l.sums {
					for c := range l.channels {
						at := r.Y + i*l.yStep + c
						if !inPlace || !written[at] {
							want[at] = float64(init[r.Init+i*initStep+c])
							terms[at] = math.Abs(want[at])
						}
						written[at] = true
						l.each(r, i, c, func(ai, xi int) {
							term := float64(a[ai]) * float64(x[xi])
							want[at] += term
							terms[at] += math.Abs(term)
						})
					}
				}
			}
			old := append([]float32(nil), y...)
			DepthwiseF32(y, l.yStep, init, initStep, a, x, l.channels, l.line(), l.table, l.steps())
			for at, v := range y {
				switch {
				case !written[at]:
					if v != old[at] {
						t.Fatalf("%v: wrote between the sums", l)
					}
				case !(math.Abs(float64(v)-want[at]) <= rounding(len(l.table)*l.rows*l.terms+2)*terms[at]):
					t.Fatalf("%v: sum %d, channel %d is %g, want %g", l, at/l.yStep, at%l.yStep, v, want[at])
				}
			}
		}
	})
}

// What is done for the caches changes no bit, whatever is read ahead.
func TestDepthwiseStreams(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		ys := newEdge[float32](t, depthwiseEdge)
		zero := func(int) float32 { return 0 }
		for _, l := range lineTests(rng) {
			l.channels = (l.channels + 15) / 16 * 16
			l.column, l.yStep, l.table = l.channels, l.channels, nil
			l.random(rng)
			for i := range l.table {
				l.table[i].Init = 0
			}
			ySize, aSize, xSize := l.sizes()
			a, x, init := normals(rng, aSize), normals(rng, xSize), normals(rng, l.channels)
			s := l.steps()
			s.To, s.Ahead = Memory, [2][]float32{x[:rng.IntN(xSize+1)], a[:rng.IntN(aSize+1)]}
			plain, y := make([]float32, ySize), ys.last(ySize, zero) // begins with a line of the cache
			DepthwiseF32(plain, l.yStep, init, 0, a, x, l.channels, l.line(), l.table, l.steps())
			DepthwiseF32(y, l.yStep, init, 0, a, x, l.channels, l.line(), l.table, s)
			equalBits(t, l.String(), y, plain)

			factors, codes := make([]int8, aSize, aSize+64), make([]uint8, xSize, xSize+64)
			for i := range factors {
				factors[i] = int8(rng.IntN(3) - 1)
			}
			for i := range codes {
				codes[i] = uint8(rng.IntN(256))
			}
			clear(plain)
			y = ys.last(ySize, zero)
			DepthwiseU8S8(plain, l.yStep, 0.1, init, factors, codes, l.channels, l.line(), l.table, l.steps())
			DepthwiseU8S8(y, l.yStep, 0.1, init, factors, codes, l.channels, l.line(), l.table, s)
			equalBits(t, l.String()+" of codes", y, plain)
		}
	})
}

func TestDepthwiseU8S8(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(15, 16))
		tests := lineTests(rng)
		for _, terms := range []int{3, 5, 15, 17, 51} { // as many as a word can sum
			tests = append(tests, lineTest{
				sums: 9, sumStep: 1, terms: terms, termStep: 1, width: 9 + terms,
				rows: MaxTermsU8S8 / terms, channels: 100, column: 100, yStep: 100,
				table: []Row{{Terms: MaxTermsU8S8 / terms}},
			})
		}
		ys, biases := newEdge[float32](t, depthwiseEdge), newEdge[float32](t, depthwiseEdge)
		as, xs := newEdge[int8](t, depthwiseEdge), newEdge[uint8](t, depthwiseEdge)
		const beyond = 31
		for _, l := range tests {
			codes := func(int) uint8 { return uint8(rng.IntN(256)) }
			factors := func(int) int8 { return int8(rng.IntN(3) - 1) }
			if rng.IntN(4) == 0 { // the largest sums
				code, factor := uint8(255*rng.IntN(2)), int8(2*rng.IntN(2)-1)
				codes, factors = func(int) uint8 { return code }, func(int) int8 { return factor }
			}
			ySize, aSize, xSize := l.sizes()
			a, x := as.last(aSize+beyond, factors)[:aSize], xs.last(xSize+beyond, codes)[:xSize]
			bias := biases.last(l.channels, func(int) float32 { return float32(rng.NormFloat64()) })
			scale := float32(rng.NormFloat64())
			y := ys.last(ySize, func(int) float32 { return marginValue })
			sums := make([]*int, ySize) // nil for what is none
			for _, r := range l.table {
				for at := r.Y; at < min(r.Y+l.sums*l.yStep, ySize); at++ {
					i, c := (at-r.Y)/l.yStep, (at-r.Y)%l.yStep
					if c >= l.channels {
						continue
					}
					sums[at] = new(int)
					l.each(r, i, c, func(ai, xi int) { *sums[at] += int(a[ai]) * (int(x[xi]) - 128) })
				}
			}
			DepthwiseU8S8(y, l.yStep, scale, bias, a, x, l.channels, l.line(), l.table, l.steps())
			for at, v := range y {
				c, want := at%l.yStep, float32(marginValue)
				if sums[at] != nil {
					// The product is exact in float64, so that it is rounded once.
					want = float32(float64(float32(*sums[at])) * float64(scale))
					want = float32(float64(want) + float64(bias[c]))
				}
				if v != want {
					t.Fatalf("%v: sum %d, channel %d is %g, want exactly %g", l, at/l.yStep, c, v, want)
				}
			}
		}
	})
}

// Every shape is the best one for some line: what the tests see is all there is.
func TestDepthwiseShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	floats, codes := map[int]bool{}, map[int]bool{}
	for _, l := range lineTests(rng) {
		line := l.line()
		floats[line.floats.number], codes[line.codes.number] = true, true
	}
	for number, s := range shapes {
		if !floats[number] || s.codes() && !codes[number] {
			t.Errorf("no test has the shape %+v", s)
		}
	}
}

func TestDepthwiseMistakes(t *testing.T) {
	line := NewLine([]int{0, 1, 2}, []int{0, 1}, 4)
	f := func(n int) []float32 { return make([]float32, n) }
	a, x := make([]int8, 999), make([]uint8, 999)
	eachLevel(t, func(t *testing.T) {
		s, rows := Steps{A: 20, X: 40, Column: 10}, []Row{{Terms: 1}}
		second, many := []Row{{Terms: 1}, {Y: 1, Init: 1, Terms: 1}}, []Row{{}, {Terms: 128}}
		for what, call := range map[string]func(){
			"DepthwiseF32: y":        func() { DepthwiseF32(f(29), 10, f(10), 0, f(99), f(99), 10, line, rows, s) },
			"DepthwiseF32: init":     func() { DepthwiseF32(f(30), 10, f(29), 10, f(99), f(99), 10, line, rows, s) },
			"DepthwiseF32: step":     func() { DepthwiseF32(f(30), -1, f(30), 10, f(99), f(99), 10, line, rows, s) },
			"DepthwiseF32: row y":    func() { DepthwiseF32(f(30), 10, f(31), 10, f(99), f(99), 10, line, second, s) },
			"DepthwiseF32: row init": func() { DepthwiseF32(f(31), 10, f(30), 10, f(99), f(99), 10, line, second, s) },
			"DepthwiseU8S8: row":     func() { DepthwiseU8S8(f(30), 10, 1, f(10), a, x, 10, line, second, s) },
			"DepthwiseU8S8: y":       func() { DepthwiseU8S8(f(29), 10, 1, f(10), a, x, 10, line, rows, s) },
			"DepthwiseU8S8: bias":    func() { DepthwiseU8S8(f(30), 10, 1, f(9), a, x, 10, line, rows, s) },
			"DepthwiseU8S8: many":    func() { DepthwiseU8S8(f(30), 10, 1, f(10), a, x, 10, line, many, Steps{}) },
		} {
			op, _, _ := strings.Cut(what, ":")
			func() {
				defer func() {
					if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "kernel."+op+": ") {
						t.Errorf("%s: panic %q", what, got)
					}
				}()
				call()
			}()
		}
	})
}

// BenchmarkDepthwise measures a row of 28 pixels, whose operands are in the level 1
// cache.
func BenchmarkDepthwise(b *testing.B) {
	const channels, rate = 32, "FLOP"
	for _, k := range []int{3, 5, 7} {
		l := lineTest{
			sums: 28, sumStep: 1, term0: -(k / 2), terms: k, termStep: 1, width: 28,
			rows: k, channels: channels, column: channels, yStep: channels, table: []Row{{Terms: k}},
		}
		ySize, aSize, xSize := l.sizes()
		count := 2 * l.sums * k * k * channels
		y, bias, line := make([]float32, ySize), make([]float32, channels), l.line()
		eachLevelRate(b, fmt.Sprintf("type=f32/k=%d", k), rate, func() (func(), int) {
			a, x := make([]float32, aSize), make([]float32, xSize)
			return func() { DepthwiseF32(y, l.yStep, bias, 0, a, x, channels, line, l.table, l.steps()) }, count
		})
		eachLevelRate(b, fmt.Sprintf("type=u8s8/k=%d", k), rate, func() (func(), int) {
			a, x := make([]int8, aSize, aSize+64), make([]uint8, xSize, xSize+64)
			return func() { DepthwiseU8S8(y, l.yStep, 1, bias, a, x, channels, line, l.table, l.steps()) }, count
		})
	}
}

package kernel

// A shape is what the assembly keeps in registers: a block of sums and a group
// of factors, which are the values of a in a few columns. Sum i and factor f
// meet in column i+f of x. Shape 0 has one factor: its columns are as far apart
// as the sums, and it serves all lines.
type shape struct{ sums, factors int }

// shapes is the list in the generator, which sums of networks' layers want:
// blocks of 7 and 8 pixels, or all taps of a filter's row.
var shapes = [...]shape{{7, 1}, {7, 3}, {7, 5}, {7, 7}, {8, 3}, {8, 5}, {8, 7}, {3, 8}, {5, 8}, {7, 8}}

// codes reports whether DepthwiseU8S8 has the shape.
func (s shape) codes() bool { return s.sums >= 7 && s.factors < 8 }

// partly reports whether a group may have fewer factors, where the values are
// floats.
func (s shape) partly() bool { return s.factors >= 7 }

// best returns the number of the shape that computes a line, of codes or of
// floats, with the least work.
func (l *Line) best(codes bool) int {
	work := l.workF32
	if codes {
		work = l.workU8S8
	}
	best, least := 0, work(0)
	step := distance(l.terms)
	if step == 0 || len(l.sums) > 1 && distance(l.sums) != step {
		return best
	}
	for i, s := range shapes[1:] {
		if codes && !s.codes() || (codes || !s.partly()) && len(l.terms)%s.factors != 0 {
			continue
		}
		if n := work(1 + i); n < least {
			best, least = 1+i, n
		}
	}
	return best
}

// workF32 returns how many products and loads a shape takes for a line of
// floats. The rest of the work on a group counts as two of them.
func (l *Line) workF32(number int) (n int) {
	s, t := shapes[number], l.tile(number)
	for i, columns := range t.reach {
		if i%(1+t.groups) == 0 { // sums
			continue
		}
		n += s.factors + 2
		for j := range s.sums + s.factors - 1 {
			if columns>>j&1 != 0 {
				n += 1 + min(j+1, s.sums, s.factors, s.sums+s.factors-1-j)
			}
		}
	}
	return n
}

// workU8S8 returns how many products a shape takes for a line of codes: in whole
// blocks, whether their columns exist or not. Those of shape 0, which are of
// words instead of bytes, count twice.
func (l *Line) workU8S8(number int) int {
	if number == 0 {
		return 2 * len(l.sums) * len(l.terms)
	}
	s := shapes[number]
	return ceil(len(l.sums), s.sums) * s.sums * ceil(len(l.terms), s.factors) * s.factors
}

func ceil(n, size int) int { return (n + size - 1) / size }

// distance returns that between neighbours in a list.
func distance(list []int) int {
	if len(list) < 2 {
		return 0
	}
	return list[1] - list[0]
}

// A tiling cuts a line into blocks of sums and groups of terms.
type tiling struct {
	shape
	number int
	groups int
	// reach has 1+groups words for each block. The first has a bit for each sum
	// that exists. The word of a group has a bit for each column that the block
	// meets in the image and, from firstFactor on, for each factor that exists.
	reach []uint32
}

const firstFactor = 1 << 24

func (l *Line) tile(number int) tiling {
	s := shapes[number]
	t := tiling{shape: s, number: number, groups: ceil(len(l.terms), s.factors)}
	for i := 0; i < len(l.sums); i += s.sums {
		sums := min(s.sums, len(l.sums)-i)
		t.reach = append(t.reach, 1<<sums-1)
		for k := 0; k < len(l.terms); k += s.factors {
			bits := uint32(0)
			for f := range min(s.factors, len(l.terms)-k) {
				bits |= firstFactor << f
				for j := range sums {
					if l.has(i+j, k+f) {
						bits |= 1 << (j + f)
					}
				}
			}
			t.reach = append(t.reach, bits)
		}
	}
	return t
}

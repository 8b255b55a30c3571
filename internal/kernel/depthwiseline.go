package kernel

// A shape is what the assembly keeps in registers: a block of sums and a group
// of factors, which are the values of a in a few columns. Sum i and factor f
// meet in column i+f of x. Shape 0 has one factor: its columns are as far apart
// as the sums, and it serves all lines.
type shape struct{ sums, factors int }

// shapes is the list in the generator. DepthwiseU8S8 has those with 7 sums.
var shapes = [...]shape{{7, 1}, {7, 3}, {7, 5}, {7, 7}, {3, 7}, {5, 7}}

// best returns the number of the shape that computes a line, of codes or of
// floats, with the fewest products. In shape 0 a product counts twice, as it
// loads its value of x for itself. Only groups of 7 floats may be incomplete.
func (l *Line) best(codes bool) int {
	best, least := 0, 2*len(l.sums)*len(l.terms)
	step := distance(l.terms)
	if step == 0 || len(l.sums) > 1 && distance(l.sums) != step {
		return best
	}
	for number, s := range shapes[1:] {
		if codes && s.sums < 7 || (codes || s.factors < 7) && len(l.terms)%s.factors != 0 {
			continue
		}
		if n := ceil(len(l.sums), s.sums) * s.sums * ceil(len(l.terms), s.factors) * s.factors; n < least {
			best, least = 1+number, n
		}
	}
	return best
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

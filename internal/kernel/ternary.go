package kernel

import "fmt"

// Products with ternary weights by looking them up. What three values a0, a1, a2
// contribute to a column depends on its three weights of -1, 0 or +1 only: it is one
// of 27 sums. A tile makes the sums of each three values of a row once, and every
// column fetches its own by an index that was packed for it: one lookup and one
// addition in place of three multiplications and three additions. The values are
// float32, and nothing of them is lost.
//
// (Lookups for weights of few bits are known from inference, where the values
// are int8: Wei et al., "T-MAC", arXiv 2407.00088. Here they are gradients.)

const (
	Triple       = 3                // weights of one lookup
	Lookups      = 4                // lookups of one step of a panel
	TernaryDepth = Triple * Lookups // weights of one step
	opposite     = 16               // is added to the index of a sum for that of its opposite
)

// TileTernary returns the tile of GemmTernary, on all levels.
func TileTernary() Tile { return Tile{MR: 2, NR: 128, Step: 16} }

// GemmTernary computes tiles of a product with weights of -1, 0 and +1, packed by
// PackTernary. With w(k, j) the weight in row k of the panel and column j, and L =
// triples,
//
//	c[outs[i]+j] = sum(s in segs, t<L) (w(k,j)*x[0] + w(k+1,j)*x[1] + w(k+2,j)*x[2])
//	               where x = a[rows[i]+s.A+3*t:], k = 12*s.B + 3*t
//
// for i < len(rows), a multiple of MR, and j < n, which must be a Width of
// TileTernary; a nil outs stands for i*n. The sum of three is taken from left to right,
// then the sum of these, in their order: all levels agree exactly. A segment whose length is not a multiple
// of three is read up to the next one: the weights must be zero there, and a NaN
// or an infinity there becomes a NaN. b has 3 bytes behind it, which are read. That
// rows and segs stay within a is up to the caller.
func GemmTernary(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, triples int, b []uint8) {
	k := Lookups * steps(segs, (triples+Lookups-1)/Lookups)
	if triples < 0 || !TileTernary().holds(n, k, len(rows), len(b)) || !holdsRows(len(c), outs, len(rows), n) || cap(b) < k*n+Lookups-1 {
		panic(gemmMistake("GemmTernary", n, Triple*triples, len(c), len(rows), len(b)))
	}
	gemmTernary(c, outs, n, a, rows, segs, triples, b)
}

// gemmTernaryGeneric does all lookups of a step for a column at once. Those that a
// segment leaves out of its last step find zeros, which change no sum: it begins
// with +0 and so is never -0.
func gemmTernaryGeneric(c []float32, outs []int, n int, a []float32, rows []int, segs []Segment, triples int, b []uint8) {
	var s0, s1, s2, s3 [2 * opposite]float32
	for i, row := range rows {
		out := c[rowAt(outs, i, n):][:n]
		clear(out)
		for _, s := range segs {
			left, at := a[row+s.A:][:Triple*triples], s.B*Lookups*n
			for len(left) > 0 {
				var x [TernaryDepth]float32
				left = left[copy(x[:], left):]
				sumsOf(&s0, x[0], x[1], x[2])
				sumsOf(&s1, x[3], x[4], x[5])
				sumsOf(&s2, x[6], x[7], x[8])
				sumsOf(&s3, x[9], x[10], x[11])
				for j, sum := range out {
					w := b[at : at+Lookups : at+Lookups]
					out[j] = sum + s0[w[0]%(2*opposite)] + s1[w[1]%(2*opposite)] + s2[w[2]%(2*opposite)] + s3[w[3]%(2*opposite)]
					at += Lookups
				}
			}
		}
	}
}

// sumsOf writes the sums of three values where indexOf has them. A weight of zero is a
// factor too: what is not finite shows.
func sumsOf(sums *[2 * opposite]float32, x0, x1, x2 float32) {
	z0, z1, z2 := 0*x0, 0*x1, 0*x2
	for i, v := range [...]float32{
		z0 + z1 + z2, x0 + z1 + z2,
		-x0 + x1 + z2, z0 + x1 + z2, x0 + x1 + z2,
		-x0 - x1 + x2, z0 - x1 + x2, x0 - x1 + x2,
		-x0 + z1 + x2, z0 + z1 + x2, x0 + z1 + x2,
		-x0 + x1 + x2, z0 + x1 + x2, x0 + x1 + x2,
	} {
		sums[i], sums[opposite+i] = v, -v
	}
}

// indexOf returns the index of w0*a0 + w1*a1 + w2*a2.
func indexOf(w0, w1, w2 int8) uint8 {
	v := w0 + 3*w1 + 9*w2
	if v < 0 {
		return opposite + uint8(-v)
	}
	return uint8(v)
}

// PackTernary packs one step of a panel for GemmTernary, 12 rows of weights of -1,
// 0 and +1 that are stride values apart: for its columns j, and q < 4,
//
//	dst[4*j+q] = index of codes[3*q*stride+j], codes[(3*q+1)*stride+j], codes[(3*q+2)*stride+j]
//
// len(dst) says how many columns there are.
func PackTernary(dst []uint8, codes []int8, stride int) {
	n := len(dst) / Lookups
	if len(dst)%Lookups != 0 || stride < 0 || len(codes) < (TernaryDepth-1)*stride+n {
		panic(fmt.Sprintf("kernel.PackTernary: %d indices of %d codes with a stride of %d", len(dst), len(codes), stride))
	}
	packTernary(dst, codes, stride)
}

func packTernaryGeneric(dst []uint8, codes []int8, stride int) {
	for i := range dst {
		first := i%Lookups*Triple*stride + i/Lookups
		dst[i] = indexOf(codes[first], codes[first+stride], codes[first+2*stride])
	}
}
